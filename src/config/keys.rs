//! The keys of fwlint.yaml, and what each says. There is this list alone: what is read, what is suggested, the schema and
//! its tests all go by it.

use serde::Deserialize;

use super::values::Machine;
use super::{Config, Levels, Paths, Setting, User, known_region};
use crate::profile::{self, Profile};
use crate::source::Spanned;
use crate::tree::{self, Kind, Mistake, Node, OneOrMany};

/// Takes what a key says in.
type Take = fn(&mut Config, &Node) -> Result<(), Mistake>;

/// The keys, each with how it may be written.
const KEYS: &[(&str, &str, Take)] = &[
    ("profiles", "profiles: [cloudflare-tunnel]", |config, value| {
        set(&mut config.profiles, profiles(value)?)
    }),
    ("protocol", "protocol: quic", |config, value| set(&mut config.given.protocol, setting(value)?)),
    ("edge-ip-version", "edge-ip-version: 4", |config, value| {
        set(&mut config.given.edge_ip_version, setting(value)?)
    }),
    ("edge-bind-address", "edge-bind-address: 192.0.2.10", |config, value| {
        let bound: Spanned<Machine> = value.read()?;
        set(&mut config.given.edge_bind_address, Setting::at(bound.map(|bound| Some(bound.0))))
    }),
    ("region", "region: us", |config, value| {
        let region: Spanned<String> = value.read()?;
        known_region(&region)?;
        set(&mut config.given.region, Setting::at(region))
    }),
    ("access", "access: true", |config, value| set(&mut config.given.access, setting(value)?)),
    ("auto-update", "auto-update: true", |config, value| set(&mut config.given.auto_update, setting(value)?)),
    ("quick-tunnel", "quick-tunnel: true", |config, value| {
        set(&mut config.given.quick_tunnel, setting(value)?)
    }),
    ("resolvers", "resolvers: [192.0.2.53]", |config, value| {
        let resolvers: OneOrMany<Machine> = value.read()?;
        let resolvers = resolvers.0.into_iter().map(|resolver| resolver.0).collect();
        set(&mut config.given.resolvers, Setting::at(Spanned::new(resolvers, value.span)))
    }),
    ("upstream-resolvers", "upstream-resolvers: [192.0.2.53]", |config, value| {
        let resolvers: OneOrMany<Machine> = value.read()?;
        let resolvers = resolvers.0.into_iter().map(|resolver| resolver.0).collect();
        set(&mut config.given.upstream_resolvers, Setting::at(Spanned::new(resolvers, value.span)))
    }),
    ("runs-in", "runs-in: container", |config, value| set(&mut config.given.runs_in, setting(value)?)),
    ("user", "user: cloudflared", |config, value| {
        let user: Spanned<User> = value.read()?;
        set(&mut config.given.user, Setting::at(user.map(Some)))
    }),
    ("policy", "policy: positive", |config, value| set(&mut config.given.policy, setting(value)?)),
    ("ephemeral-ports", "ephemeral-ports: 32768-60999", |config, value| {
        set(&mut config.given.ephemeral_ports, setting(value)?)
    }),
    ("edge-rules", "edge-rules: prefixes", |config, value| {
        set(&mut config.given.edge_rules, setting(value)?)
    }),
    ("levels", "levels: {unused-chain: off}", |config, value| {
        config.levels = Levels::read(value)?;
        Ok(())
    }),
    ("fail-level", "fail-level: warning", |config, value| set(&mut config.fail_level, value.read()?)),
    ("exclude", "exclude: [vendor]", |config, value| {
        let globs: OneOrMany<Spanned<String>> = value.read()?;
        set(&mut config.exclude, Paths::new(&globs.0)?)
    }),
    (
        "allow-ingress",
        "allow-ingress: [{name: ssh, ports: 22, protocol: tcp, source: 192.0.2.0/24}]",
        |config, value| {
            config.allow_ingress = value.read()?;
            Ok(())
        },
    ),
    (
        "hosts",
        "hosts: [{name: web, files: [rules.v4], interfaces: {eth0: 192.0.2.10/24}}]",
        |config, value| {
            config.hosts = value.read()?;
            Ok(())
        },
    ),
    ("units", "units: [sg-0123456789abcdef0]", |config, value| {
        config.units = value.read::<OneOrMany<_>>()?.0;
        Ok(())
    }),
];

/// The names of the keys.
pub fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(name, ..)| *name)
}

/// Takes one key of the file in. One without a value says nothing: what stood there may be a comment now.
pub(super) fn take(config: &mut Config, key: &Node, value: &Node) -> Result<(), Mistake> {
    let name = key.text().unwrap_or_default();
    let Some((name, example, take)) = KEYS.iter().find(|(known, ..)| *known == name) else {
        let help = match tree::nearest(name, names()) {
            Some(right) => format!("Did you mean `{right}`?"),
            None => format!("The keys are {}.", names().collect::<Vec<_>>().join(", ")),
        };
        return Err(Mistake::at(key.span, format!("unknown key `{name}`")).help(help));
    };
    if value.kind == Kind::Null {
        return Ok(());
    }
    config.places.push((name, value.span));
    take(config, value).map_err(|mistake| mistake.or_help(format!("It may be written `{example}`.")))
}

fn set<T>(place: &mut Option<T>, value: T) -> Result<(), Mistake> {
    *place = Some(value);
    Ok(())
}

fn setting<T: for<'a> Deserialize<'a>>(value: &Node) -> Result<Setting<T>, Mistake> {
    Ok(Setting::at(value.read()?))
}

fn profiles(value: &Node) -> Result<Vec<&'static Profile>, Mistake> {
    let names: Vec<Spanned<String>> = value.read::<OneOrMany<_>>()?.0;
    let find = |name: &Spanned<String>| {
        Profile::named(&name.value).ok_or_else(|| {
            let help = format!("It is one of {}; `profiles: []` is none.", profile::NAMES.join(", "));
            Mistake::at(name.span, format!("unknown profile `{}`", name.value)).help(help)
        })
    };
    names.iter().map(find).collect()
}
