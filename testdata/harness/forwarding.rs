//! The cases of `testdata/eval/forward`: what the host forwards, and ports that it publishes.
//!
//! As in `testdata/eval`, fwlint must answer as the file says, and so must the kernel. The oracle does not
//! forward; here the kernel is asked by `forwarding/lab.py`, in a network namespace for the host and one for
//! the far end of each of its interfaces. `== interfaces` are the host's, the first with the default route; a
//! packet comes in by its `iface`, and its fate is told as `ingress`.

use crate::eval_cases::{self, case::Case};
use crate::kernel::{self, oracle};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::thread;

const FOLDER: &str = "eval/forward";

#[test]
fn fwlint_answers_each_forwarded_packet_as_the_kernel_does() {
    eval_cases::compare_with_fwlint("forwarding cases", &Case::all(FOLDER));
}

#[test]
fn the_kernel_forwards_as_the_cases_say() {
    if let Err(reason) = oracle::root() {
        return oracle::say_skipped("the cases of testdata/eval/forward with the kernel", &reason);
    }
    let cases = Case::all(FOLDER);
    let answers = thread::scope(|scope| {
        let asked = ["nft", "legacy"].map(|backend| scope.spawn(|| ask(backend, &cases)));
        asked.map(|asked| asked.join().expect("the lab answers"))
    });
    eval_cases::compare_with_kernel("forwarding cases", &cases, &answers);
}

/// The kernel's answer to each case.
fn ask(backend: &str, cases: &[Case]) -> Vec<Value> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/harness/forwarding/lab.py");
    let (mut lab, mut jobs) = oracle::Oracle::run(&program, &[backend]);
    thread::scope(|scope| {
        scope.spawn(move || {
            for case in cases {
                let job = kernel::job(&case.rulesets, &case.interfaces, &case.probes());
                writeln!(jobs, "{job}").expect("the lab takes jobs");
            }
        });
        cases.iter().map(|_| lab.next()).collect()
    })
}
