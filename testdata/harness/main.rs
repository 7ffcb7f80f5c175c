//! The integration tests: what the program as a whole does with real texts, also against the kernel.

mod eval_cases;
mod hosts;
mod kernel;
mod packets;
mod scripts;
mod spans;
mod words;
