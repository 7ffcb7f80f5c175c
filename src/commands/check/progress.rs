//! How far the check is: on a terminal, when it takes its time.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::fixes::Budget;
use super::judge::{self, judge_and_tell};
use crate::commands::World;
use crate::commands::input::Input;
use crate::finding::Report;

/// From when on it is shown.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is shown anew.
const PACE: Duration = Duration::from_millis(100);

/// Judges all units, and shows how many are done if it takes long.
pub fn judge(world: &mut World, input: &Input, is_quick: bool, budget: Budget) -> Report {
    let all = input.units.len();
    if !world.look.shows_progress || all < 2 {
        return judge::judge(input, is_quick, budget);
    }
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let worker = scope.spawn(move || {
            judge_and_tell(input, is_quick, budget, &|| {
                // Nobody listens any more when standard error is closed, and that is no reason to stop.
                let _ = sender.send(());
            })
        });
        let _ = show(world.stderr, &receiver, all);
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Shows `12 of 300 units` until all senders are gone, then takes it away.
fn show(to: &mut dyn Write, receiver: &Receiver<()>, all: usize) -> io::Result<()> {
    let (start, mut shown, mut done) = (Instant::now(), None::<Instant>, 0);
    loop {
        match receiver.recv_timeout(PACE) {
            Ok(()) => done += 1,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if start.elapsed() >= PATIENCE && shown.is_none_or(|at| at.elapsed() >= PACE) {
            write!(to, "\r{done} of {all} units")?;
            to.flush()?;
            shown = Some(Instant::now());
        }
    }
    if shown.is_some() {
        // Back to the beginning of the line, and clear it.
        write!(to, "\r\x1b[K")?;
        to.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown when each of some units takes so long.
    fn shown(units: usize, each: Duration) -> String {
        let (sender, receiver) = mpsc::channel();
        let worker = thread::spawn(move || {
            for _ in 0..units {
                thread::sleep(each);
                sender.send(()).expect("somebody listens");
            }
        });
        let mut out = Vec::new();
        show(&mut out, &receiver, units).expect("a vector can be written");
        worker.join().expect("it ends");
        String::from_utf8(out).expect("it is UTF-8")
    }

    #[test]
    fn it_is_shown_after_a_second_and_taken_away() {
        assert_eq!(shown(3, Duration::from_millis(1)), "");
        let text = shown(3, Duration::from_millis(450));
        assert!(text.starts_with("\r2 of 3 units") && text.ends_with("\r\x1b[K"), "{text:?}");
    }
}
