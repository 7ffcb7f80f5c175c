//! The integration tests: what the program as a whole does with real texts.

mod packets;
