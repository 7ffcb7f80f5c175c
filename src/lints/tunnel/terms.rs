//! On what terms the tunnel works: by which interfaces, from which addresses, as whom, where not all will do.

use crate::eval::{Certainty, Witnesses};
use crate::packet::{Axis, Cube, Family, Ranges, TooManyPieces, Values, Words};

use super::super::Context;
use super::ask::{CHOICES, OWNER};
use super::judge::{edges, to};
use super::{Path, name, user};
use crate::profile::Endpoint;

/// What is said of a side where few values will do, and where all but few will.
const SIDES: [(Axis, &str, &str); 5] = [
    (Axis::InInterface, "in by", "any interface but "),
    (Axis::OutInterface, "by", "any interface but "),
    (Axis::Source, "from", "anywhere but "),
    (Axis::Uid, "as", "any owner but "),
    (Axis::Gid, "as", "any owner but "),
];

/// The terms, as phrases: `only by eth0`, `not from 192.0.2.0/24`, `only as cloudflared`. `asked` are all choices that
/// there were, `left` those that serve the tunnel.
pub fn terms(
    context: &Context,
    endpoint: &Endpoint,
    paths: &[Path],
    asked: &Witnesses,
    left: &Witnesses,
) -> Result<Vec<String>, TooManyPieces> {
    let is_open = |family: &Family| paths.iter().any(|path| path.family == *family && !path.is_blocked());
    let open: Vec<Family> = Family::ALL.into_iter().filter(is_open).collect();
    let each: Vec<Vec<String>> = open.iter().map(|family| of_choices(asked, left, *family)).collect();
    let mut said: Vec<String> = Vec::new();
    for (family, phrases) in open.iter().zip(&each) {
        for phrase in phrases {
            let is_common = each.iter().all(|others| others.contains(phrase));
            let phrase = if is_common { phrase.clone() } else { format!("over {} {phrase}", name(*family)) };
            if !said.contains(&phrase) {
                said.push(phrase);
            }
        }
    }
    said.extend(as_whom(context, endpoint, paths)?);
    Ok(said)
}

/// The terms on which one family serves.
fn of_choices(asked: &Witnesses, left: &Witnesses, family: Family) -> Vec<String> {
    let side = |witnesses: &Witnesses, axis: Axis| {
        let of_family = Cube::any().set(Axis::Family, Ranges::single(family.number()));
        let sides = witnesses.left.and(&of_family.into());
        let sides =
            sides.cubes().iter().map(|cube| cube.get(axis).cloned().unwrap_or_else(|| Values::all(axis)));
        Values::union(axis, &sides.collect::<Vec<_>>())
    };
    let phrase = |&(axis, word, but): &(Axis, &str, &str)| {
        let of_family = Cube::any().set(Axis::Family, Ranges::single(family.number()));
        let all = of_family.clone().set(axis, side(asked, axis));
        let said = Words::within(&all).cube(&of_family.set(axis, side(left, axis)));
        let said = ["in by ", "out by ", "from ", "of "]
            .iter()
            .find_map(|before| said.strip_prefix("everything ")?.strip_prefix(before))?
            .to_owned();
        Some(match said.strip_prefix(but) {
            // Nobody takes his few containers' addresses for his own.
            Some(_) if axis == Axis::Source => return None,
            Some(exceptions) => format!("not {word} {exceptions}"),
            None => format!("only {word} {said}"),
        })
    };
    SIDES.iter().filter_map(phrase).collect()
}

/// `only as NAME`, where nobody else is let out.
fn as_whom(context: &Context, endpoint: &Endpoint, paths: &[Path]) -> Result<Option<String>, TooManyPieces> {
    for path in paths.iter().filter(|path| !path.is_blocked()) {
        let Some((question, name)) = user::as_nobody(context, &path.held.question) else { return Ok(None) };
        let held = context.hold(&question)?;
        let all = to(path.family, edges(endpoint, path.family).map(|edge| edge.1));
        let mut choices = Witnesses::of(&question.packets, &CHOICES);
        if choices.serve(&held, &all, &CHOICES, &OWNER)? == Certainty::Blocked {
            return Ok(Some(format!("only as {name}")));
        }
    }
    Ok(None)
}
