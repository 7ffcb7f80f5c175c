//! `fwlint check` on arbitrary bytes, as a file of each dialect: it may say what it likes, but it must end, must
//! not panic, and must not say that it could not do its work.
//!
//! The first byte chooses the dialect; the rest is the file. `testdata` makes a good first corpus: see
//! `docs/correctness.md`.

#![no_main]

use std::ffi::OsString;
use std::path::PathBuf;

use fwlint::commands::World;
use fwlint::dialects::DIALECTS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, file)) = data.split_first() else { return };
    let dialect = DIALECTS[usize::from(*first) % DIALECTS.len()].name;
    let arguments = ["fwlint", "check", "--isolated", "--as", dialect, "-"].map(OsString::from);
    let (mut stdin, mut stdout, mut stderr) = (file, Vec::new(), Vec::new());
    let world = World {
        directory: PathBuf::new(),
        stdin: &mut stdin,
        stdout: &mut stdout,
        stderr: &mut stderr,
        look: Default::default(),
        is_attended: false,
    };
    let status = fwlint::cli::run(arguments, world);
    assert!(status < 2, "{}", String::from_utf8_lossy(&stderr));
});
