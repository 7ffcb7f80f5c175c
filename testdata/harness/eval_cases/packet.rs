//! The short form of a packet: `in|out|local|forward PROTO SRC[:PORT] > DST[:PORT] [iface= uid= …]`.

use serde_json::{Map, Value};
use std::net::IpAddr;

const DIRECTIONS: [&str; 4] = ["in", "out", "local", "forward"];
const NUMBERS: [&str; 6] = ["uid", "gid", "mark", "type", "code", "length"];
const WORDS: [&str; 2] = ["iface", "flags"];

/// The packet as a probe of the oracle.
pub fn parse(text: &str) -> Result<Value, String> {
    let mut words = text.split(' ');
    let mut word = || words.next().ok_or("it is too short".to_string());
    let (direction, proto, source, arrow, destination) = (word()?, word()?, word()?, word()?, word()?);
    if !DIRECTIONS.contains(&direction) || arrow != ">" {
        return Err("it is not of the form `DIRECTION PROTO SRC > DST`".to_string());
    }
    let mut probe = Map::new();
    let mut put = |key: &str, value: Value| probe.insert(key.to_string(), value);
    put("direction", direction.into());
    put("proto", proto.into());
    for (end, address_key, port_key) in [(source, "src", "sport"), (destination, "dst", "dport")] {
        let (address, port) = end_point(end)?;
        put(address_key, address.to_string().into());
        if let Some(port) = port {
            put(port_key, port.into());
        }
    }
    for option in words {
        let (key, value) = option.split_once('=').ok_or(format!("`{option}` is not an option"))?;
        if NUMBERS.contains(&key) {
            put(key, number(value)?.into());
        } else if WORDS.contains(&key) {
            put(key, value.into());
        } else {
            return Err(format!("there is no option `{key}`"));
        }
    }
    Ok(Value::Object(probe))
}

/// `192.0.2.10:53`, `[2001:db8::10]:53`, or the address alone.
fn end_point(text: &str) -> Result<(IpAddr, Option<u16>), String> {
    if let Ok(address) = text.parse() {
        return Ok((address, None));
    }
    let (address, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address, rest.strip_prefix(':')),
        None => match text.split_once(':') {
            Some((address, port)) => (address, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map(|port| port.parse().map_err(|_| format!("`{port}` is not a port"))).transpose()?;
    Ok((address.parse().map_err(|_| format!("`{address}` is not an address"))?, port))
}

fn number(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("`{text}` is not a number"))
}
