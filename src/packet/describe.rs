//! Packet sets in words.
