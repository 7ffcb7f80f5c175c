//! Hands arguments and streams to the library.

fn main() {}
