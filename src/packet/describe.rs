//! Packet sets in words, for people who run firewalls: short and exact.

use super::terms;
use super::{Axis, Cube, Family, PacketSet, Ranges, Values};

/// How to put packets into words.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// What is understood and not said again, such as "new packets on INPUT". Packets outside of it
    /// are not spoken of.
    pub context: &'a Cube,
    /// The most pieces that are spelled out, and the most values of one property.
    pub most: usize,
    /// Names for what has none of its own: the text of an [`Axis::Atom`], the name of a user or group
    /// by its number. Where it knows none, the number is said.
    pub name: &'a dyn Fn(Axis, u128) -> Option<String>,
    /// Is "from anywhere" said where the source is free? Good style for what gets in.
    pub from_anywhere: bool,
    /// Whose the sources are, whatever their addresses: `anywhere`, or machines that have a name.
    pub sources: &'a str,
}

/// Sources of which nothing is known but their addresses.
const ANYWHERE: &str = "anywhere";

/// Above this many pieces, nobody wants to hear what is missing from everything.
const FEW: usize = 30;

/// What is said of one property: these values, or those of some wider range but these.
struct Said {
    /// The wider range; `None` for all values that there are.
    of: Option<String>,
    negated: bool,
    terms: Vec<String>,
    more: usize,
}

impl<'a> Words<'a> {
    /// Up to 8 pieces, nothing named, nothing added.
    pub fn within(context: &'a Cube) -> Self {
        Words { context, most: 8, name: &|_, _| None, from_anywhere: false, sources: ANYWHERE }
    }

    /// A set in words, such as `tcp to ports 22 and 80; icmp echo-request`, `everything but udp` or
    /// `nothing`.
    pub fn set(&self, set: &PacketSet) -> String {
        let inside =
            PacketSet::from_cubes(set.cubes().iter().filter_map(|cube| cube.and(self.context))).simplify();
        if inside.is_empty() {
            return "nothing".into();
        }
        if inside.cubes().len() <= FEW {
            let all = PacketSet::from(self.context.clone());
            match all.minus(&inside).map(|rest| rest.simplify()) {
                Ok(rest) if rest.is_empty() => return self.piece(&Cube::any()),
                // Of what gets in, an exception to an exception is not understood.
                Ok(rest) if self.from_anywhere && !self.is_plain(&rest) => {}
                Ok(rest) if rest.cubes().len() < inside.cubes().len() => {
                    let exceptions = Words { from_anywhere: false, ..*self }.pieces(&rest);
                    return format!("{} but {exceptions}", self.piece(&Cube::any()));
                }
                _ => {}
            }
        }
        self.pieces(&inside)
    }

    /// Is a set one piece that is said without a "but"?
    fn is_plain(&self, set: &PacketSet) -> bool {
        let is_said = |cube: &Cube, axis: Axis| self.side(cube, axis).is_none_or(|side| !side.negated);
        matches!(set.cubes(), [cube] if cube.sides().iter().all(|(axis, _)| is_said(cube, *axis)))
    }

    /// A cube in words.
    pub fn cube(&self, cube: &Cube) -> String {
        self.set(&cube.clone().into())
    }

    fn pieces(&self, set: &PacketSet) -> String {
        let pieces: Vec<Cube> = set.cubes().iter().flat_map(by_family).collect();
        let mut said: Vec<String> = pieces.iter().take(self.most).map(|cube| self.piece(cube)).collect();
        if pieces.len() > said.len() {
            said.push(format!("and {} more", pieces.len() - said.len()));
        }
        said.join("; ")
    }

    /// First the family and the protocol, then where to and from, then the rest in the axes' order.
    fn piece(&self, cube: &Cube) -> String {
        let mut words = vec![self.subject(cube)];
        words.extend(self.end(cube, "to", Axis::Destination, Axis::DestinationPort));
        words.extend(self.end(cube, "from", Axis::Source, Axis::SourcePort));
        words.extend(cube.sides().iter().filter_map(|(axis, _)| self.property(cube, *axis)));
        words.join(" ")
    }

    /// `tcp`, `IPv6 udp`, `icmp echo-request`, `everything`.
    fn subject(&self, cube: &Cube) -> String {
        let mut words = Vec::new();
        let addresses = [Axis::Source, Axis::Destination].map(|axis| self.side(cube, axis));
        let is_evident = addresses.iter().flatten().any(|side| !side.negated || side.of.is_some())
            || matches!(
                (terms::family(cube), terms::only(cube, Axis::Protocol)),
                (Some(Family::V4), Some(1)) | (Some(Family::V6), Some(58))
            );
        if let Some(family) = self.side(cube, Axis::Family).filter(|_| !is_evident) {
            words.push(family.say("any family", "and"));
        }
        if let Some(protocol) = self.side(cube, Axis::Protocol) {
            words.push(protocol.say("any protocol", "and"));
        }
        if let Some(types) = self.side(cube, Axis::DestinationPort).filter(|_| is_icmp(cube)) {
            if words.is_empty() {
                words.extend(terms::only(cube, Axis::Protocol).map(terms::protocol));
            }
            words.push(types.say("any type", "and"));
        }
        if words.is_empty() { "everything".into() } else { words.join(" ") }
    }

    /// `to 192.0.2.0/24 port 22`, `from anywhere`.
    fn end(&self, cube: &Cube, word: &str, address: Axis, port: Axis) -> Option<String> {
        let has_type = port == Axis::DestinationPort && is_icmp(cube);
        let port = self.side(cube, port).filter(|_| !has_type).map(|side| match &side.terms[..] {
            _ if side.negated => side.say("any port", "and"),
            [one] if !one.contains('-') => format!("port {one}"),
            _ => format!("ports {}", side.say("", "and")),
        });
        let any = if word == "from" && self.from_anywhere { self.sources } else { ANYWHERE };
        let at = if any == ANYWHERE { String::new() } else { format!("{any} at ") };
        let say = |side: &Said| match side.negated && side.of.is_none() {
            true => side.say(any, "and"),
            false => format!("{at}{}", side.say(any, "and")),
        };
        let address = match self.side(cube, address) {
            Some(side) if port.is_some() && (side.negated || side.terms.len() > 1) => say(&side) + ",",
            Some(side) => say(&side),
            // Where all else is free, this is not the port that is asked for.
            None if word == "from" && self.from_anywhere && port.is_some() => format!("{any}, source"),
            None if word == "from" && self.from_anywhere => any.to_owned(),
            None => return port.map(|port| format!("{word} {port}")),
        };
        Some(match port {
            Some(port) => format!("{word} {address} {port}"),
            None => format!("{word} {address}"),
        })
    }

    /// What is said of any other axis.
    fn property(&self, cube: &Cube, axis: Axis) -> Option<String> {
        let (before, any) = match axis {
            Axis::Family | Axis::Protocol | Axis::Destination | Axis::Source => return None,
            Axis::DestinationPort | Axis::SourcePort => return None,
            Axis::Atom(_) => {
                let answer = if cube.get(axis)?.first()? == 1 { "if" } else { "unless" };
                let text = (self.name)(axis, 1).unwrap_or_else(|| "an unknown holds".into());
                return self.side(cube, axis).map(|_| format!("{answer} {text}"));
            }
            // What a packet was is told in its former place.
            Axis::Rewritten | Axis::FormerProtocol | Axis::FormerDestination | Axis::FormerSource => {
                return None;
            }
            Axis::FormerDestinationPort | Axis::FormerSourcePort => return None,
            Axis::FormerSourceKind | Axis::FormerDestinationKind => return None,
            Axis::InInterface => ("in by", "any interface"),
            Axis::OutInterface => ("out by", "any interface"),
            Axis::State => ("in state", "any"),
            Axis::TcpFlags => ("with", "any flags"),
            Axis::Direction => ("", "in any direction"),
            Axis::Nat => ("", "translated or not"),
            Axis::Mark => ("with mark", "any"),
            Axis::ConnMark => ("with connection mark", "any"),
            Axis::Zone => ("in conntrack zones", "any"),
            Axis::Uid | Axis::Gid => ("of", "any owner"),
            Axis::SourceKind => ("from addresses of type", "any"),
            Axis::DestinationKind => ("to addresses of type", "any"),
            Axis::PacketType => ("of packet type", "any"),
            Axis::HopLimit => ("with hop limit", "any"),
            Axis::Length => ("of length", "any"),
            Axis::Dscp => ("with DSCP", "any"),
            Axis::Mac => ("from MAC", "any"),
            Axis::InPort => ("in by bridge port", "any"),
            Axis::OutPort => ("out by bridge port", "any"),
        };
        let said = self.side(cube, axis)?.say(any, "or");
        Some(format!("{before} {said}").trim_start().to_owned())
    }

    /// What a cube says on an axis, in the shortest way: nothing if that is understood.
    fn side(&self, cube: &Cube, axis: Axis) -> Option<Said> {
        let all = self.context.get(axis).cloned().unwrap_or_else(|| Values::all(axis));
        let values = cube.get(axis)?.and(&all);
        let rest = all.minus(&values);
        if rest.is_empty() {
            return None;
        }
        let terms = |values: &Values| terms::terms(axis, values, cube, self.name);
        // From one address, type or name to another is harder to read than a prefix or a single name.
        let is_range = |term: &&String| {
            terms::is_address(axis) && term.contains('-')
                || term.starts_with("types ")
                || term.starts_with("names ")
        };
        let cost = |terms: &[String]| terms.len() + 2 * terms.iter().filter(is_range).count();
        let mut best = Said { of: None, negated: false, terms: terms(&values), more: 0 };
        let exceptions = terms(&rest);
        if cost(&exceptions) < cost(&best.terms) {
            best = Said { of: None, negated: true, terms: exceptions, more: 0 };
        }
        if let Some(hull) = terms::hull(axis, &values).filter(|_| cost(&best.terms) > 2) {
            let (of, exceptions) = (terms(&hull), terms(&hull.minus(&values).and(&all)));
            if !exceptions.is_empty() && cost(&of) + cost(&exceptions) < cost(&best.terms) {
                best = Said { of: Some(of.join(" and ")), negated: true, terms: exceptions, more: 0 };
            }
        }
        best.more = best.terms.len().saturating_sub(self.most);
        best.terms.truncate(self.most);
        Some(best)
    }
}

impl Said {
    /// `22, 80 and 443`, `any port but 22`.
    fn say(&self, any: &str, and: &str) -> String {
        let more = (self.more > 0).then(|| format!("{} more", self.more));
        let list: Vec<&str> = self.terms.iter().chain(&more).map(String::as_str).collect();
        let list = match &list[..] {
            [all @ .., last] if !all.is_empty() => format!("{} {and} {last}", all.join(", ")),
            list => list.concat(),
        };
        if !self.negated { list } else { format!("{} but {list}", self.of.as_deref().unwrap_or(any)) }
    }
}

/// Is its protocol just ICMP or just ICMPv6, so that it has types instead of ports?
fn is_icmp(cube: &Cube) -> bool {
    matches!(terms::only(cube, Axis::Protocol), Some(1 | 58))
}

/// A cube with addresses by family: one address is not the same in both.
fn by_family(cube: &Cube) -> Vec<Cube> {
    let has_addresses = cube.sides().iter().any(|side| terms::is_address(side.0));
    if !has_addresses || terms::family(cube).is_some() {
        return vec![cube.clone()];
    }
    let of = |family: Family| cube.clone().with(Axis::Family, Ranges::single(family.number()));
    Family::ALL.into_iter().filter_map(of).collect()
}
