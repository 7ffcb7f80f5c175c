//! What rules look at: the keys of headers and modules, and what takes words of its own.

use super::reader::{Read, Reader, one_or_many};
use crate::dialects::nft::ast::{Direction, ExpressionKind, FibKeys, Group, PayloadBase, Selector};
use crate::tree::Node;

/// What an object of an expression may be called.
const KEYS: [&str; 25] = [
    "concat",
    "set",
    "map",
    "prefix",
    "range",
    "elem",
    "payload",
    "exthdr",
    "tcp option",
    "ip option",
    "dccp option",
    "sctp chunk",
    "meta",
    "rt",
    "ct",
    "numgen",
    "jhash",
    "symhash",
    "fib",
    "socket",
    "osf",
    "ipsec",
    "tunnel",
    "accept",
    "drop",
];

impl Reader {
    /// What the packet or its surroundings are asked for.
    pub fn selector<'t>(&mut self, key: &Node<'t>, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        match key.text().unwrap_or_default() {
            "payload" => self.payload(value),
            "meta" => self.meta(value),
            "ct" => self.conntrack(value),
            "rt" => self.route(value),
            "fib" => self.fib(value),
            "exthdr" => self.extension(value),
            "tcp option" => self.option("tcp option", value),
            "ip option" => self.option("ip option", value),
            "dccp option" => self.option("dccp option", value),
            "sctp chunk" => self.option("sctp chunk", value),
            "socket" => self.socket(value),
            "numgen" => {
                let mode = self.need_name(value, "mode")?.value;
                let modulus = self.modulus(value)?;
                Ok(ExpressionKind::Function(format!("numgen {mode} {modulus}").into()))
            }
            "symhash" => Ok(ExpressionKind::Function(format!("symhash {}", self.modulus(value)?).into())),
            "jhash" => {
                let hashed = self.need_expression(value, "expr")?;
                let modulus = self.modulus(value)?;
                Ok(ExpressionKind::Function(format!("jhash {hashed} {modulus}").into()))
            }
            "osf" => {
                let key = self.need_name(value, "key")?.value;
                let ttl = value.get("ttl").and_then(Node::text).map(|ttl| format!("ttl {ttl} "));
                Ok(ExpressionKind::Function(format!("osf {}{key}", ttl.unwrap_or_default()).into()))
            }
            "ipsec" => self.ipsec(value),
            "tunnel" => {
                Ok(ExpressionKind::Function(format!("tunnel {}", self.need_name(value, "key")?.value).into()))
            }
            _ => Err(self.unknown(key, "expression", KEYS.into_iter())),
        }
    }

    /// A field of a header, or a piece of the packet by its place.
    fn payload<'t>(&mut self, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        if let Some(base) = value.get("base") {
            let base = match base.text() {
                Some("ll") => PayloadBase::Link,
                Some("nh") => PayloadBase::Network,
                Some("th") => PayloadBase::Transport,
                Some("ih") => PayloadBase::Inner,
                _ => return Err(self.unknown(base, "base", ["ll", "nh", "th", "ih"].into_iter())),
            };
            let (offset, length) = (self.need_number(value, "offset")?, self.need_number(value, "len")?);
            return Ok(ExpressionKind::Payload { base, offset, length });
        }
        let (protocol, field) = (self.need(value, "protocol")?, self.need(value, "field")?);
        let (protocol_name, field_name) =
            (protocol.text().unwrap_or_default(), field.text().unwrap_or_default());
        if let Some(tunnel) = value.get("tunnel").and_then(Node::text) {
            return Ok(ExpressionKind::Function(format!("{tunnel} {protocol_name} {field_name}").into()));
        }
        match Selector::find(protocol_name, field_name) {
            Some(selector) => Ok(ExpressionKind::Selector(selector)),
            None if ["vxlan", "geneve", "gretap"].contains(&protocol_name) => {
                Ok(ExpressionKind::Function(format!("{protocol_name} {field_name}").into()))
            }
            None if Group::of_name(protocol_name).next().is_none() => {
                Err(self.unknown(protocol, "protocol", Group::ALL.iter().map(|group| group.name())))
            }
            None => {
                let fields = Group::of_name(protocol_name).flat_map(|group| group.selectors());
                Err(self.unknown(field, &format!("field of {protocol_name}"), fields.map(|it| it.name)))
            }
        }
    }

    /// `{"key": "mark"}`, in old versions the key alone.
    fn meta<'t>(&mut self, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        let key = value.get("key").unwrap_or(value);
        // Names of old versions.
        let name = match key.text().unwrap_or_default() {
            "ibriport" | "ibridgename" => "ibrname",
            "obriport" | "obridgename" => "obrname",
            "secpath" => "ipsec",
            name => name,
        };
        match Group::Meta.find(name) {
            Some(selector) => Ok(ExpressionKind::Selector(selector)),
            None => Err(self.unknown(key, "key of meta", Group::Meta.selectors().iter().map(|it| it.name))),
        }
    }

    fn conntrack<'t>(&mut self, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        let selector = self.of_family(Group::Ct, value)?;
        let Some(direction) = value.get("dir") else { return Ok(ExpressionKind::Selector(selector)) };
        match direction.text() {
            Some("original") => Ok(ExpressionKind::Directed(selector, Direction::Original)),
            Some("reply") => Ok(ExpressionKind::Directed(selector, Direction::Reply)),
            _ => Err(self.unknown(direction, "direction", ["original", "reply"].into_iter())),
        }
    }

    fn route<'t>(&mut self, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        Ok(ExpressionKind::Selector(self.of_family(Group::Route, value)?))
    }

    /// A key that may have a family in front of it: `ip saddr`.
    fn of_family(&mut self, group: Group, value: &Node<'_>) -> Read<&'static Selector> {
        let key = value.get("key").unwrap_or(value);
        let name = key.text().unwrap_or_default();
        let with_family = value.get("family").and_then(Node::text).map(|family| format!("{family} {name}"));
        let found = with_family.and_then(|name| group.find(&name)).or_else(|| group.find(name));
        let names = group.selectors().iter().map(|selector| selector.name);
        found.ok_or_else(|| self.unknown(key, &format!("key of {}", group.name()), names))
    }

    fn fib<'t>(&mut self, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        let mut keys = FibKeys::default();
        for flag in value.get("flags").into_iter().flat_map(one_or_many) {
            match flag.text() {
                Some("saddr") => keys.saddr = true,
                Some("daddr") => keys.daddr = true,
                Some("mark") => keys.mark = true,
                Some("iif") => keys.iif = true,
                Some("oif") => keys.oif = true,
                _ => {
                    let names = ["saddr", "daddr", "mark", "iif", "oif"];
                    return Err(self.unknown(flag, "key of a lookup", names.into_iter()));
                }
            }
        }
        let result = self.need(value, "result")?;
        let found = match result.text() {
            // The newer word for asking whether there is a route.
            Some("check") => Group::Fib.find("oif"),
            Some(word) => Group::Fib.find(word),
            None => None,
        };
        match found {
            Some(result) => Ok(ExpressionKind::Fib { keys, result }),
            None => Err(self.unknown(result, "result", Group::Fib.selectors().iter().map(|it| it.name))),
        }
    }

    /// A header of IPv6: whether it is there, or a field of it.
    fn extension<'t>(&mut self, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        let header = self.need(value, "name")?;
        let name = self.need_name(value, "name")?;
        let Some(field) = value.get("field") else {
            return Ok(ExpressionKind::Option(Box::new(("exthdr", name.value))));
        };
        match Selector::find(&name.value, field.text().unwrap_or_default()) {
            Some(selector) => Ok(ExpressionKind::Selector(selector)),
            None if Group::of_name(&name.value).next().is_none() => {
                Err(self.unknown(header, "header", Group::ALL.iter().map(|group| group.name())))
            }
            None => {
                let fields = Group::of_name(&name.value).flat_map(|group| group.selectors());
                Err(self.unknown(field, &format!("field of {}", name.value), fields.map(|it| it.name)))
            }
        }
    }

    /// An option by its name, or by its number and the place in it.
    fn option<'t>(&mut self, header: &'static str, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        if value.get("base").is_some() {
            let numbers: [u32; 3] = [
                self.need_number(value, "base")?,
                self.need_number(value, "offset")?,
                self.need_number(value, "len")?,
            ];
            let name = format!("@{},{},{}", numbers[0], numbers[1], numbers[2]);
            return Ok(ExpressionKind::Option(Box::new((header, name.into()))));
        }
        let key = if header == "dccp option" { "type" } else { "name" };
        let name = self.need_name(value, key)?.value;
        Ok(match value.get("field").and_then(Node::text) {
            Some(field) => ExpressionKind::Option(Box::new((header, format!("{name} {field}").into()))),
            None => ExpressionKind::Option(Box::new((header, name))),
        })
    }

    fn socket<'t>(&mut self, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        let key = self.need(value, "key")?;
        if key.text() == Some("cgroupv2") {
            let level: u32 = self.number_of(value, "level")?.unwrap_or(0);
            return Ok(ExpressionKind::Function(format!("socket cgroupv2 level {level}").into()));
        }
        match key.text().and_then(|name| Group::Socket.find(name)) {
            Some(selector) => Ok(ExpressionKind::Selector(selector)),
            None => {
                Err(self.unknown(key, "key of socket", Group::Socket.selectors().iter().map(|it| it.name)))
            }
        }
    }

    fn ipsec<'t>(&mut self, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        let (direction, key) = (self.need_name(value, "dir")?.value, self.need_name(value, "key")?.value);
        let number = match self.number_of::<u32>(value, "spnum")? {
            None | Some(0) => String::new(),
            Some(number) => format!("spnum {number} "),
        };
        let family = value.get("family").and_then(Node::text).map(|family| format!("{family} "));
        let words = format!("ipsec {direction} {number}{}{key}", family.unwrap_or_default());
        Ok(ExpressionKind::Function(words.into()))
    }

    /// `mod 2 seed 0xfe offset 1`, as the text has it.
    fn modulus(&mut self, value: &Node<'_>) -> Read<String> {
        let mut words = format!("mod {}", self.need_number::<u32>(value, "mod")?);
        if let Some(seed) = self.number_of::<u32>(value, "seed")? {
            words += &format!(" seed {seed:#x}");
        }
        match self.number_of::<u32>(value, "offset")? {
            None | Some(0) => Ok(words),
            Some(offset) => Ok(format!("{words} offset {offset}")),
        }
    }
}
