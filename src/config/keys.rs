//! The keys of fwlint.yaml, and what each says. There is this list alone: what is read, what is suggested, the schema and
//! its tests all go by it.

use serde::Deserialize;

use super::values::Machine;
use super::{Config, Levels, Paths, Setting, User, known_region};
use crate::profile::{self, Profile};
use crate::source::Spanned;
use crate::tree::{self, Mistake, Node, OneOrMany};

/// Takes what a key says in.
type Take = fn(&mut Config, &Node) -> Result<(), Mistake>;

/// The keys.
const KEYS: &[(&str, Take)] = &[
    ("profiles", |config, value| set(&mut config.profiles, profiles(value)?)),
    ("protocol", |config, value| set(&mut config.given.protocol, setting(value)?)),
    ("edge-ip-version", |config, value| set(&mut config.given.edge_ip_version, setting(value)?)),
    ("region", |config, value| {
        let region: Spanned<String> = value.read()?;
        known_region(&region)?;
        set(&mut config.given.region, Setting::at(region))
    }),
    ("access", |config, value| set(&mut config.given.access, setting(value)?)),
    ("auto-update", |config, value| set(&mut config.given.auto_update, setting(value)?)),
    ("quick-tunnel", |config, value| set(&mut config.given.quick_tunnel, setting(value)?)),
    ("resolvers", |config, value| {
        let resolvers: OneOrMany<Machine> = value.read()?;
        let resolvers = resolvers.0.into_iter().map(|resolver| resolver.0).collect();
        set(&mut config.given.resolvers, Setting::at(Spanned::new(resolvers, value.span)))
    }),
    ("runs-in", |config, value| set(&mut config.given.runs_in, setting(value)?)),
    ("user", |config, value| {
        let user: Spanned<User> = value.read()?;
        set(&mut config.given.user, Setting::at(user.map(Some)))
    }),
    ("policy", |config, value| set(&mut config.given.policy, setting(value)?)),
    ("ephemeral-ports", |config, value| set(&mut config.given.ephemeral_ports, setting(value)?)),
    ("levels", |config, value| {
        config.levels = Levels::read(value)?;
        Ok(())
    }),
    ("fail-level", |config, value| set(&mut config.fail_level, value.read()?)),
    ("exclude", |config, value| {
        let globs: OneOrMany<Spanned<String>> = value.read()?;
        set(&mut config.exclude, Paths::new(&globs.0)?)
    }),
    ("allow-ingress", |config, value| {
        config.allow_ingress = value.read()?;
        Ok(())
    }),
    ("hosts", |config, value| {
        config.hosts = value.read()?;
        Ok(())
    }),
    ("units", |config, value| {
        config.units = value.read::<OneOrMany<_>>()?.0;
        Ok(())
    }),
];

/// The names of the keys.
pub fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(name, _)| *name)
}

/// Takes one key of the file in.
pub(super) fn take(config: &mut Config, key: &Node, value: &Node) -> Result<(), Mistake> {
    let name = key.text().unwrap_or_default();
    if let Some((_, take)) = KEYS.iter().find(|(known, _)| *known == name) {
        return take(config, value);
    }
    let help = match tree::nearest(name, names()) {
        Some(right) => format!("Did you mean `{right}`?"),
        None => format!("The keys are {}.", names().collect::<Vec<_>>().join(", ")),
    };
    Err(Mistake::at(key.span, format!("unknown key `{name}`")).help(help))
}

fn set<T>(place: &mut Option<T>, value: T) -> Result<(), Mistake> {
    *place = Some(value);
    Ok(())
}

fn setting<T: for<'a> Deserialize<'a>>(value: &Node) -> Result<Setting<T>, Mistake> {
    Ok(Setting::at(value.read()?))
}

fn profiles(value: &Node) -> Result<Vec<&'static Profile>, Mistake> {
    let names: Vec<Spanned<String>> = value.read()?;
    let find = |name: &Spanned<String>| {
        Profile::named(&name.value).ok_or_else(|| {
            let help = format!("It is one of {}; `profiles: []` is none.", profile::NAMES.join(", "));
            Mistake::at(name.span, format!("unknown profile `{}`", name.value)).help(help)
        })
    };
    names.iter().map(find).collect()
}
