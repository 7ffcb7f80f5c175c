//! What gets in and out: worked out once for a unit, and put into words for all lints that speak of it.

pub mod words;

use std::sync::OnceLock;

use crate::config::Policy;
use crate::eval::exposure::{Exposure, Opening, lets_anything, question};
use crate::eval::{RuleId, Way};
use crate::finding::{Finding, Level};
use crate::model::{Hook, Rule, Side};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, TooManyPieces, Values, internet, values};
use crate::source::Span;

use super::{Context, places};

/// A longer text is no name, but a rule as a whole.
const LONGEST_NAME: usize = 64;

/// The port of SSH.
const SSH: u128 = 22;

/// A rule that lets in more ports than this names none.
const MANY_PORTS: u128 = 65_000;

/// So many hardware addresses are no list of machines, but all except a list.
const MANY_MACHINES: u128 = 1 << 47;

/// What gets in and out, as far as it was asked for: in, through and out, in IPv4 and IPv6.
#[derive(Debug, Default)]
pub struct Exposures([OnceLock<Option<Result<Exposure, TooManyPieces>>>; 6]);

impl Exposures {
    /// What gets through; `None` where the unit does not say, or is too tangled.
    pub fn get(&self, context: &Context, way: Way, family: Family) -> Option<&Exposure> {
        self.judged(context, way, family)?.as_ref().ok()
    }

    /// Is the unit too tangled to tell?
    pub fn is_undecided(&self, context: &Context, way: Way, family: Family) -> bool {
        self.judged(context, way, family).is_some_and(Result::is_err)
    }

    fn judged(
        &self,
        context: &Context,
        way: Way,
        family: Family,
    ) -> Option<&Result<Exposure, TooManyPieces>> {
        let at = match way {
            Way::In | Way::Local => 0,
            Way::Forward => 2,
            Way::Out => 4,
        };
        let judge = || Exposure::judge(&context.host, &context.routes, way, family).transpose();
        let cell = &self.0[at + family as usize];
        cell.get_or_init(|| if context.speaks_for(family) { judge() } else { None }).as_ref()
    }
}

/// A note, or more where the host keeps the positive security model. What depends is a note in any case.
pub fn level(context: &Context, positive: Level, is_sure: bool) -> Level {
    match context.settings.policy.value {
        Policy::Positive if is_sure => positive,
        _ => Level::Note,
    }
}

/// `over IPv4`, where that is not the only family that the unit speaks for and not all of them.
pub fn over(context: &Context, families: &[Family]) -> &'static str {
    let spoken = Family::ALL.into_iter().filter(|family| context.speaks_for(*family)).count();
    match families {
        [family] if spoken > 1 => {
            if *family == Family::V4 {
                " over IPv4"
            } else {
                " over IPv6"
            }
        }
        _ => "",
    }
}

/// Points a finding at what accepts without being asked, in each family.
pub fn at_defaults(mut finding: Finding, context: &Context, exposures: &[&Exposure]) -> Finding {
    let mut unknowns = Vec::new();
    for exposure in exposures {
        let Some(default) = &exposure.default else { continue };
        unknowns.extend(default.depends_on.iter().copied());
        let chain = context.host.chain(default.chain).chain;
        let is_written = chain.base.as_ref().is_some_and(|base| base.policy_is_written);
        if default.rule.is_none() && !is_written && chain.rules.is_empty() {
            finding = finding.note(format!(
                "Nothing here speaks of {}: it accepts everything unless something else has set another policy.",
                chain.name
            ));
            continue;
        }
        let (span, mut words) = accepted_by(context, default.chain, default.rule);
        if let Some(only) = &default.only {
            words = format!("{words}: {}", words::say(exposure, only));
        }
        finding = place(finding, span, words);
    }
    depends_on(finding, context, &unknowns)
}

/// Where a rule stands, or the policy of a chain, and what it does.
pub fn accepted_by(context: &Context, chain: crate::eval::ChainId, rule: Option<RuleId>) -> (Span, String) {
    let chain = context.host.chain(chain).chain;
    if let Some(rule) = rule {
        let rule = context.host.rule(rule).rule;
        let far = match chain.base.as_ref().map(|base| base.hook) {
            Some(Hook::Output | Hook::Postrouting | Hook::Egress) => Axis::Destination,
            _ => Axis::Source,
        };
        return (rule.place_of(far), does(context, rule, "accepts them"));
    }
    match &chain.base {
        Some(base) if base.policy_is_written => {
            (base.policy.span, format!("the policy of {} accepts what no rule drops", chain.name))
        }
        _ => (chain.span, format!("{} has no policy here, so it accepts what no rule drops", chain.name)),
    }
}

/// What a rule does, with its name where a finding points elsewhere.
pub fn does(context: &Context, rule: &Rule, deed: &str) -> String {
    let name = rule.name_place().map(|span| context.sources.text(span).trim_matches(['"', '\'']));
    let is_short = |name: &&str| !name.is_empty() && name.len() <= LONGEST_NAME && !name.contains('\n');
    match name.filter(is_short) {
        Some(name) => format!("`{name}` {deed}"),
        None => deed.to_owned(),
    }
}

/// Points at a place: the first is the finding's own.
pub fn place(finding: Finding, span: Span, words: impl Into<String>) -> Finding {
    match finding.span {
        None => finding.at(span).here(words),
        Some(first) if first == span || finding.labels.iter().any(|label| label.span == span) => finding,
        Some(_) => finding.label(span, words),
    }
}

/// Points at the unknowns on which a finding depends.
pub fn depends_on(mut finding: Finding, context: &Context, unknowns: &[u32]) -> Finding {
    for number in unknowns.iter().take(places::MOST_SHOWN) {
        let unknown = context.host.atoms.get(*number);
        finding = place(finding, unknown.span, format!("it depends on this: {}", unknown.text));
    }
    match unknowns.len().saturating_sub(places::MOST_SHOWN) {
        0 => finding,
        rest => finding.note(format!("It depends on {rest} more.")),
    }
}

/// Does an opening hold, as far as it depends on more than how often something happens, or on which of the user's own machines
/// are left out of what the internet may do?
pub fn is_firm(context: &Context, opening: &Opening) -> bool {
    let is_rate = |atom: u32| crate::eval::exposure::is_rate(&context.host, atom);
    let is_for_all = opening.packets.cubes().iter().all(holds_internet);
    let holds = |atom: &u32| {
        is_rate(*atom) || is_for_all && is_group(context, *atom) && !asks(context, opening, *atom)
    };
    opening.is_sure || !opening.depends_on.is_empty() && opening.depends_on.iter().all(holds)
}

/// Are there packets from the internet in a cube?
fn holds_internet(cube: &Cube) -> bool {
    Family::ALL.into_iter().any(|family| {
        let is_of = cube.get(Axis::Family).is_none_or(|families| families.contains(family.number()));
        let sources = cube.get(Axis::Source).and_then(Values::ranges);
        is_of && sources.is_none_or(|sources| !sources.and(&internet(family)).is_empty())
    })
}

/// Does an unknown stand for machines of the cloud from which packets are?
fn is_group(context: &Context, atom: u32) -> bool {
    context.host.atoms.get(atom).machines == Some(Side::Source)
}

/// Is the rule of an opening for packets alone of which an unknown is true?
fn asks(context: &Context, opening: &Opening, atom: u32) -> bool {
    let cubes = context.host.rule(opening.rule).packets.cubes();
    cubes.iter().all(|cube| cube.get(Axis::Atom(atom)).is_some_and(|answer| answer.first() == Some(1)))
}

/// Does an opening hold for sure for those of whom it is told: does it depend on no more than which machines of the cloud
/// are in a group?
pub fn is_told(context: &Context, opening: &Opening) -> bool {
    let is_its = |atom: &u32| is_group(context, *atom) && asks(context, opening, *atom);
    is_firm(context, opening)
        || opening.kept_if.as_ref().is_some_and(|atoms| !atoms.is_empty() && atoms.iter().all(is_its))
}

/// The unknowns on which it depends whether an opening holds for those of whom it is told.
pub fn doubts(context: &Context, opening: &Opening) -> impl Iterator<Item = u32> {
    let is_told = is_told(context, opening);
    let is_doubt = move |atom: &u32| !is_told || !is_group(context, *atom);
    opening.depends_on.iter().copied().filter(is_doubt)
}

/// Does a cube hold packets that come now and then, whatever the file does not tell: does it hang on no
/// unknown, or only on such as do not hold, or hold at some rate?
pub fn is_likely(context: &Context, cube: &Cube) -> bool {
    cube.sides().iter().all(|(axis, values)| match axis {
        Axis::Atom(atom) => values.first() == Some(0) || crate::eval::exposure::is_rate(&context.host, *atom),
        _ => true,
    })
}

/// Is a new connection over IPv6, off loopback, let in or out?
pub fn has_ipv6_flows(context: &Context) -> bool {
    let is_in = context
        .exposure(Way::In, Family::V6)
        .is_some_and(|seen| seen.default.is_some() || !seen.openings.is_empty() || seen.more > 0);
    let goes_out = || {
        let (host, routes) = (&context.host, &context.routes);
        let is_filtered = crate::eval::exposure::is_declared(host, Hook::Output, Family::V6);
        let packets = question(host, routes, Way::Out, Family::V6);
        !is_filtered || lets_anything(host, routes, Way::Out, packets) == Ok(true)
    };
    is_in || goes_out()
}

/// What fwlint.yaml lets in by name.
pub fn allowed(context: &Context, family: Family) -> PacketSet {
    let cube = |entry: &crate::config::AllowIngress| {
        let ports = entry.ports.iter().map(|range| (range.value.first.into(), range.value.last.into()));
        let protocols = entry.protocol.iter().map(|number| (number.value.0.into(), number.value.0.into()));
        let sources = entry.source.iter().map(|source| source.value.0);
        let sources = sources.filter(|source| source.addr().is_ipv4() == (family == Family::V4));
        let sources = sources.map(|source| values::prefix(source.addr(), source.prefix_len()));
        let narrow = |cube: Cube, axis, ranges: Ranges, is_free: bool| {
            if is_free { Some(cube) } else { cube.with(axis, ranges) }
        };
        let cube = Cube::any().with(Axis::Family, Values::single(Axis::Family, family.number()))?;
        let cube = narrow(cube, Axis::Protocol, Ranges::union(protocols), entry.protocol.is_empty())?;
        let cube = narrow(cube, Axis::DestinationPort, Ranges::union(ports), entry.ports.is_empty())?;
        narrow(cube, Axis::Source, Ranges::union(sources), entry.source.is_empty())
    };
    PacketSet::from_cubes(context.allow_ingress.iter().filter_map(cube))
}

/// Packets of a protocol to a port.
pub fn to_port(protocol: u128, port: u128) -> PacketSet {
    let cube = Cube::any().with(Axis::Protocol, Values::single(Axis::Protocol, protocol));
    let cube = cube.and_then(|cube| cube.with(Axis::DestinationPort, Ranges::single(port)));
    PacketSet::from(cube)
}

/// Does an opening name the ports or protocols that it lets in?
pub fn is_named(opening: &Opening) -> bool {
    names_ports(&opening.packets)
}

/// Are packets told by their ports or protocols?
fn names_ports(packets: &PacketSet) -> bool {
    let count = |values: &Values| values.ranges().map_or(0, Ranges::count);
    packets.cubes().iter().all(|cube| {
        let protocols = cube.get(Axis::Protocol).map_or(256, count);
        let ports = cube.get(Axis::DestinationPort).map_or(65_536, count);
        protocols < 200 && (ports < MANY_PORTS || !has_ports(cube))
    })
}

fn has_ports(cube: &Cube) -> bool {
    cube.get(Axis::Protocol).is_none_or(|protocols| [6, 17].iter().any(|&number| protocols.contains(number)))
}

/// The groups of machines in the cloud that an opening is for alone, if it is.
pub fn machines(context: &Context, opening: &Opening) -> Vec<String> {
    let groups = opening.depends_on.iter().filter(|atom| is_group(context, **atom));
    let own = groups.filter(|atom| asks(context, opening, **atom));
    own.map(|atom| context.host.atoms.get(*atom).text.to_string()).collect()
}

/// What of packets of an opening is SSH from more than a list of machines, and not allowed by name.
pub fn ssh(context: &Context, family: Family, opening: &Opening, packets: &PacketSet) -> PacketSet {
    if !machines(context, opening).is_empty() {
        return PacketSet::none();
    }
    if opening.kind != crate::eval::exposure::Kind::Inside || !is_named(opening) {
        return PacketSet::none();
    }
    let packets = from_unlisted(packets.and(&to_port(6, SSH)));
    packets.minus(&allowed(context, family)).unwrap_or(packets)
}

/// The openings through which SSH gets in, if that is from anywhere: with what of them is SSH.
pub fn ssh_from_the_world<'x>(
    context: &Context,
    family: Family,
    exposure: &'x Exposure,
) -> Vec<(&'x Opening, PacketSet)> {
    let ssh = |opening: &Opening| ssh(context, family, opening, &opening.packets);
    let parts = exposure.openings.iter().map(|opening| (opening, ssh(opening)));
    let parts: Vec<_> = parts.filter(|part| !part.1.is_empty()).collect();
    if is_together_from_the_world(family, &parts) { parts } else { Vec::new() }
}

/// Is what openings let in from at least half of the internet?
pub fn is_together_from_the_world(family: Family, parts: &[(&Opening, PacketSet)]) -> bool {
    is_from_the_world(family, parts.iter().flat_map(|part| part.1.cubes()))
}

/// The SSH that a policy leaves open, if that is from anywhere and rules before it drop all but some ports. Where they do
/// not, all that gets in is told, and SSH is no more open than the rest.
pub fn ssh_that_is_left(context: &Context, family: Family, exposure: &Exposure) -> Option<PacketSet> {
    let only = exposure.default.as_ref()?.only.as_ref().filter(|only| names_ports(only))?;
    let packets = from_unlisted(only.and(&to_port(6, SSH)));
    let packets = packets.minus(&allowed(context, family)).unwrap_or(packets);
    is_from_the_world(family, packets.cubes()).then_some(packets)
}

/// Are there packets, and from at least half of the internet?
fn is_from_the_world<'c>(family: Family, cubes: impl IntoIterator<Item = &'c Cube>) -> bool {
    let sources = |cube: &Cube| cube.get(Axis::Source).cloned().unwrap_or_else(|| Values::all(Axis::Source));
    let all: Vec<Values> = cubes.into_iter().map(sources).collect();
    let sources = Values::union(Axis::Source, &all);
    !all.is_empty() && crate::eval::exposure::is_world(family, Some(&sources))
}

/// Packets without those of listed machines of the own link: these are few, whatever addresses they send from.
fn from_unlisted(packets: PacketSet) -> PacketSet {
    let machines = |cube: &Cube| cube.get(Axis::Mac).and_then(Values::ranges).map(Ranges::count);
    packets.map(|cube| machines(&cube).is_none_or(|count| count >= MANY_MACHINES).then_some(cube))
}
