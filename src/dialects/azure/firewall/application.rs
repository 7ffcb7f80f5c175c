//! Application rules: by the name of a server, in TLS or in a request of HTTP.

use super::ends;
use crate::dialects::cloud::{Condition, Fields, Remarks, text};
use crate::model::{Name, Said, Speaking};
use crate::packet::{Axis, Cube, PacketSet, Ranges};
use crate::source::{Span, Spanned};

/// The port on which TLS is looked into as documented.
const HTTPS: i64 = 443;

/// What rules ask for that the export does not tell.
const ELSEWHERE: [&str; 3] = ["fqdnTags", "webCategories", "targetUrls"];

/// What a rule asks of a flow, one list of conditions for each protocol that it names.
pub fn conditions(rule: Fields, place: Span, remarks: &mut Remarks) -> Vec<Vec<Condition>> {
    let source = ends::condition(rule, "source", place, remarks);
    // Not every rule names where flows go by their addresses.
    let destination = rule
        .get("destinationAddresses")
        .filter(|node| !node.items().is_empty())
        .and_then(|_| ends::condition(rule, "destination", place, remarks));
    let opens = rule.flag("terminateTLS", remarks).is_some_and(|flag| flag.value);
    let protocols = rule.objects("protocols", remarks);
    if protocols.is_empty() {
        remarks.add(place, "the field `protocols` is missing");
    }
    let each = protocols.into_iter().map(|protocol| {
        let mut all: Vec<Condition> = source.iter().chain(&destination).cloned().collect();
        all.extend(of_protocol(protocol, rule, place, remarks));
        if opens {
            all.push(Condition::none().or_unknown("TLS that the firewall opens", place));
        }
        all
    });
    each.collect()
}

fn of_protocol(protocol: Fields, rule: Fields, place: Span, remarks: &mut Remarks) -> Vec<Condition> {
    let kind = protocol.text("protocolType", remarks);
    let port = protocol.number("port", remarks);
    let span = protocol.span();
    if !protocol.is_object() || port.is_none() && protocol.get("port").is_some() {
        return vec![Condition::none().or_unknown("this protocol", span)];
    }
    let number =
        port.map(|port| port.value).unwrap_or(match kind.map(|kind| kind.value.to_ascii_lowercase()) {
            Some(kind) if kind == "http" => 80,
            _ => HTTPS,
        });
    let Ok(number) = u16::try_from(number) else {
        remarks.add(span, format!("{number} is no port"));
        return vec![Condition::none().or_unknown("this port", span)];
    };
    let cube = Cube::any().with(Axis::Protocol, Ranges::single(6));
    let cube = cube.and_then(|cube| cube.with(Axis::DestinationPort, Ranges::single(number.into())));
    let mut all = vec![Condition::known(PacketSet::from(cube), span)];
    let is_tls = kind.is_some_and(|kind| kind.value.eq_ignore_ascii_case("https"));
    if is_tls {
        all.push(names(rule, place, remarks));
        if i64::from(number) != HTTPS {
            let text = format!("TLS on port {number} is looked into");
            all.push(Condition::none().or_unknown(text, span));
        }
        return all;
    }
    let kind = kind.map_or("", |kind| kind.value);
    if kind.eq_ignore_ascii_case("http") {
        let http = Speaking { said: Said::Protocol("http".into()), negated: false }.into();
        all.push(Condition::none().or(Spanned::new(http, span)));
    } else if !kind.eq_ignore_ascii_case("mssql") {
        remarks.unknown(span, format!("the protocol `{kind}` is not known"));
    }
    all.push(Condition::none().or_unknown(format!("what {kind} asks for"), place));
    all
}

/// The names that a rule allows or denies.
fn names(rule: Fields, place: Span, remarks: &mut Remarks) -> Condition {
    let mut all = Condition::none();
    let mut is_named = false;
    for item in rule.list("targetFqdns", remarks) {
        is_named = true;
        let Some(text) = text(item, remarks) else {
            all = all.or_unknown("a name", item.span);
            continue;
        };
        all = match name(text.value) {
            Some(name) => {
                let said = Speaking { said: Said::ServerName(name), negated: false }.into();
                all.or(Spanned::new(said, text.span))
            }
            None => all.or_unknown(text.value, text.span),
        };
    }
    for key in ELSEWHERE {
        for text in rule.texts(key, remarks) {
            is_named = true;
            all = all.or_unknown(format!("{key} {}", text.value), text.span);
        }
    }
    if !is_named {
        remarks.add(place, "the rule names no server");
        all = all.or_unknown("no name", place);
    }
    all
}

/// `*` is any name, and `*` in front all that end with the rest.
fn name(text: &str) -> Option<Name> {
    let text = text.to_ascii_lowercase();
    Some(match text.strip_prefix('*') {
        Some("") => Name::Any,
        Some(rest) if !rest.contains('*') => Name::Ends(rest.into()),
        Some(_) => return None,
        None if text.contains('*') => return None,
        None => Name::Is(text.into()),
    })
}
