//! Where flows come from, or where they go.

use crate::dialects::azure::tags::{self, Tag};
use crate::dialects::cloud::{Addresses, Condition, Fields, Remarks, address_range, prefix, resolved};
use crate::model::{Match, Member, Members, Side};
use crate::packet::Axis;
use crate::source::{Span, Spanned};

/// What a rule asks of one side, `source` or `destination`; `None` for nothing. `place` is that of the rule.
pub fn condition(rule: Fields, key: &str, place: Span, remarks: &mut Remarks) -> Option<Condition> {
    let side = if key == "source" { Side::Source } else { Side::Destination };
    let axis = if key == "source" { Axis::Source } else { Axis::Destination };
    let list = rule.texts(&format!("{key}Addresses"), remarks);
    let names = rule.texts(&format!("{key}Fqdns"), remarks);
    let mut all = resolved(&names, side).unwrap_or_else(Condition::none);
    let mut is_named = !names.is_empty();
    let mut known = Addresses::default();
    let mut span: Option<Span> = None;
    for text in list {
        is_named = true;
        if text.value == "*" || text.value.eq_ignore_ascii_case("any") {
            return None;
        }
        span = Some(span.map_or(text.span, |span| span.to(text.span)));
        match Tag::of(text.value) {
            Some(Tag::Internet) => known.join(tags::public()),
            Some(_) => all = all.or(member(side, text, Members::Anybody)),
            None => match address_range(text.value).map_or_else(|| prefix(text.value), Ok) {
                Ok(range) => known.add(range),
                Err(problem) => {
                    remarks.add(text.span, problem);
                    all = all.or_unknown(text.value, text.span);
                }
            },
        }
    }
    for group in rule.texts(&format!("{key}IpGroups"), remarks) {
        is_named = true;
        all = all.or(member(side, group.map(name_of), Members::Anybody));
    }
    for place in rule.texts(&format!("{key}GeoLocations"), remarks) {
        is_named = true;
        all = all.or_unknown(format!("{key}GeoLocations {}", place.value), place.span);
    }
    if !is_named {
        remarks.add(place, format!("the rule names no {key}"));
        return Some(Condition::none().or_unknown(format!("no {key}"), place));
    }
    Some(match span {
        Some(span) if !known.is_empty() => all.or_known(known.packets(axis), span),
        _ => all,
    })
}

fn member(side: Side, group: Spanned<&str>, who: Members) -> Spanned<Match> {
    Spanned::new(Member { side, group: group.value.into(), who }.into(), group.span)
}

/// The name at the end of an id.
fn name_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}
