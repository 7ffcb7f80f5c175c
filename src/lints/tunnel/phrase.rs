//! What becomes of the tunnel, in a phrase.

use super::{Edge, Path, Tunnel, title, wanted};
use crate::eval::Certainty;
use crate::lints::Context;
use crate::packet::Family;

impl Tunnel<'_> {
    /// The verdict in a phrase: `gets out over QUIC and HTTP/2 (IPv4 only)`.
    pub fn summary(&self, context: &Context) -> String {
        let named = |certainty: Certainty| -> Vec<&str> {
            let is_inner = self.is_only_through_tunnels();
            let is_so = |name: &&&str| {
                let of_path = |path: &Path| {
                    let best = path.edges.iter().map(|edge| edge.certainty).min()?;
                    let best = if path.chance.is_some() { best.min(Certainty::Depends) } else { best };
                    Some(if is_inner { best.max(Certainty::Depends) } else { best })
                };
                self.paths_of(name).filter_map(of_path).min() == Some(certainty)
            };
            wanted(context.settings.protocol.value).iter().filter(is_so).map(|name| title(name)).collect()
        };
        let is_elsewhere = |name: &&str, surely: bool| {
            let mut paths = self.paths.iter().filter(|path| title(&path.transport.name) == *name);
            paths.any(|path| path.is_redirected(&self.witnesses.left, surely))
        };
        let is_redirected = |name: &&str| is_elsewhere(name, false);
        let is_surely_redirected = |name: &&str| is_elsewhere(name, true);
        let ways = |names: &[&str]| names.join(" and ");
        let (elsewhere, open): (Vec<_>, Vec<_>) = named(Certainty::Met).into_iter().partition(is_redirected);
        let may_be = if elsewhere.iter().any(is_surely_redirected) { "is" } else { "may be" };
        let perhaps = named(Certainty::Depends);
        if open.is_empty() && perhaps.is_empty() {
            let wanted = wanted(context.settings.protocol.value);
            let fails_late =
                |path: &Path| wanted.contains(&path.transport.name.as_str()) && path.fails_on_the_way_back();
            return match elsewhere[..] {
                [] if self.paths.iter().any(fails_late) => "gets no connection".to_owned(),
                [] => "does not get out".to_owned(),
                _ => format!("{may_be} sent elsewhere over {}", ways(&elsewhere)),
            };
        }
        let mut text = match (open.is_empty(), perhaps.is_empty()) {
            (false, true) => format!("gets out over {}", ways(&open)),
            (false, false) => format!("gets out over {}, perhaps over {}", ways(&open), ways(&perhaps)),
            (true, _) => format!("perhaps gets out over {}", ways(&perhaps)),
        };
        let is_open = |family| self.paths.iter().any(|path| path.family == family && !path.is_blocked());
        let family = match (is_open(Family::V4), is_open(Family::V6)) {
            (true, false) => Some("IPv4 only"),
            (false, true) => Some("IPv6 only"),
            _ => None,
        };
        let is_said =
            |path: &&Path| open.iter().chain(&perhaps).any(|name| *name == title(&path.transport.name));
        let has = |path: &Path, certainty| path.edges.iter().any(|edge: &Edge| edge.certainty == certainty);
        let mut said = self.paths.iter().filter(is_said);
        let part = if said.clone().any(|path| !path.is_blocked() && has(path, Certainty::Blocked)) {
            Some("not to all addresses")
        } else if said
            .any(|path| open.contains(&title(&path.transport.name)) && has(path, Certainty::Depends))
        {
            Some("perhaps not to all addresses")
        } else {
            None
        };
        let limits: Vec<&str> = family.into_iter().chain(part).collect();
        if !limits.is_empty() {
            text.push_str(&format!(" ({})", limits.join(", ")));
        }
        self.terms.iter().for_each(|term| text.push_str(&format!(", {term}")));
        if !elsewhere.is_empty() {
            text.push_str(&format!(", {may_be} sent elsewhere over {}", ways(&elsewhere)));
        }
        match self.dns.chance {
            _ if !self.dns.is_blocked() => {}
            Some(_) => text.push_str(", but finds names by chance"),
            None => text.push_str(", but finds no names"),
        }
        text
    }
}
