//! The integration tests: what the program as a whole does with real texts, also against the kernel.

mod architecture;
mod broken;
mod cli;
mod corpus;
mod differences;
mod dumps;
mod eval_cases;
mod expected;
mod forwarding;
mod exposure;
mod fixes;
mod formats;
mod hosts;
mod kernel;
mod bdd;
mod covers;
mod packets;
mod read;
mod render;
mod saved;
mod scripts;
mod spans;
mod pages;
mod words;
mod writing;
