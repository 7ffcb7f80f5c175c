//! From texts that belong together to units: one host, or as many as an export of a cloud holds.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::includes::{self, Found};
use super::{Group, Loaded, Loader};
use crate::commands::Failure;
use crate::config::{Config, Host};
use crate::dialects::{self, Dialect, Exported, Includes, Place, Read};
use crate::lints::Unit;
use crate::model::{Ruleset, Unseen};
use crate::profile;
use crate::source::FileId;
use crate::tree::nearest;

/// How many names a list of them shows.
const MOST_NAMES: usize = 10;

/// The texts of a group among the sources, before anybody has read them.
pub(super) struct Taken {
    /// Those that are loaded on one host, and what they include.
    hosted: Vec<(Dialect, FileId, Found)>,
    /// The same with all that is included.
    files: Vec<FileId>,
    /// The exports of clouds.
    exports: Vec<(Dialect, FileId)>,
    /// What the host is called.
    name: String,
    /// What it is called wherever the call is made.
    identity: String,
    config: Arc<Config>,
}

impl Loader<'_> {
    /// Takes in the texts of a group, and all that they include.
    pub(super) fn take_in(&mut self, group: Group) -> Taken {
        let mut hosted: Vec<(Dialect, FileId, Found)> = Vec::new();
        let mut files: Vec<FileId> = Vec::new();
        let mut exports: Vec<(Dialect, FileId)> = Vec::new();
        let (mut names, mut paths): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let parent = group.texts.first().and_then(|text| text.path.parent().map(Path::to_path_buf));
        for text in group.texts {
            // The folder is said once.
            let is_beside = !names.is_empty() && text.path.parent() == parent.as_deref();
            let name = text.path.file_name().filter(|_| is_beside).map(Path::new);
            let name = name.unwrap_or(&text.path).display().to_string();
            let known = self.texts.get(&text.path).copied();
            let file = known.unwrap_or_else(|| self.sources.add(text.path.clone(), text.bytes));
            self.texts.insert(text.path, file);
            self.dialects.insert(file, text.dialect);
            match text.dialect.entry().read {
                Read::Host(_) => {
                    hosted.push((text.dialect, file, Found::new()));
                    files.push(file);
                    names.push(name);
                    paths.push(self.sources.path_in_repository(file));
                }
                Read::Including { paths: included, .. } => {
                    let found = self.includes(file, included);
                    files.push(file);
                    let mut more: Vec<FileId> = found.values().flat_map(Place::files).copied().collect();
                    more.sort_unstable();
                    more.dedup();
                    files.extend(more);
                    hosted.push((text.dialect, file, found));
                    names.push(name);
                    paths.push(self.sources.path_in_repository(file));
                }
                Read::Units(_) => exports.push((text.dialect, file)),
            }
        }
        let identity = group.name.clone().unwrap_or_else(|| paths.join(" + "));
        let name = group.name.unwrap_or_else(|| names.join(" + "));
        Taken { hosted, files, exports, name, identity, config: group.config }
    }

    /// The units of a group: the host that its texts make, and what the exports among them hold.
    pub(super) fn units(&self, number: usize, taken: Taken) -> Vec<Loaded> {
        let Taken { hosted, files, exports, name, identity, config } = taken;
        let mut units = Vec::new();
        if !files.is_empty() {
            let host = includes::load(&self.sources, &hosted);
            let unit = Unit { name, files, ruleset: host, probed: None, must_serve: true };
            units.push((None, identity, None, unit));
        }
        let read = self.exported(&exports);
        // One of several need serve, if nobody says which.
        let is_named = |unit: &Unit| {
            let named = config.units.iter().map(|unit| &unit.value);
            named.chain(&self.selection.units).any(|name| is_called(&unit.name, name))
        };
        let export = (read.len() > 1 && !read.iter().any(|(_, unit)| is_named(unit))).then_some(number);
        let is_alone = read.len() == 1;
        units.extend(read.into_iter().map(|(cloud, unit)| {
            let must_serve = is_alone || is_named(&unit);
            (export, unit.name.clone(), Some(cloud), Unit { must_serve, ..unit })
        }));
        let includes = Includes::of(hosted.iter().flat_map(|(_, _, found)| found));
        let loaded = |(export, identity, cloud, unit)| Loaded {
            cloud,
            ..self.loaded(unit, identity, (export, &includes), &config)
        };
        units.into_iter().map(loaded).collect()
    }

    /// The units of exports, each with the cloud that it is of. What is wrong with the whole of a cloud's is said of the first.
    fn exported(&self, texts: &[(Dialect, FileId)]) -> Vec<(Dialect, Unit)> {
        let texts: Vec<_> = texts
            .iter()
            .map(|(dialect, file)| (*dialect, *file, self.sources.file(*file).text.as_str()))
            .collect();
        let mut units: Vec<(Dialect, Unit)> = Vec::new();
        // What is said of those that hold no unit.
        let mut left = Vec::new();
        for Exported { dialect, files, export } in dialects::read_exports(&texts) {
            let unit = |name, mut ruleset: Ruleset| {
                if ruleset.looks_names_up() {
                    ruleset.resolve(&profile::names());
                }
                let files = files.clone();
                (dialect, Unit { name, files, ruleset, probed: None, must_serve: false })
            };
            let first = units.len();
            units.extend(export.units.into_iter().map(|it| unit(it.name, it.ruleset)));
            match units.get_mut(first) {
                Some((_, first)) => first.ruleset.remarks.extend(export.remarks),
                None => left.extend(export.remarks),
            }
        }
        tell_apart(&mut units);
        match (units.first_mut(), texts.first()) {
            (Some((_, first)), _) => first.ruleset.remarks.extend(left),
            (None, Some((dialect, ..))) => {
                let files: Vec<FileId> = texts.iter().map(|(_, file, _)| *file).collect();
                let names = files.iter().map(|file| self.sources.file(*file).name.display().to_string());
                let name = names.collect::<Vec<_>>().join(" + ");
                let ruleset = Ruleset { remarks: left, ..Ruleset::default() };
                units.push((*dialect, Unit { name, files, ruleset, probed: None, must_serve: false }));
            }
            (None, None) => {}
        }
        units
    }

    /// A unit with what was said about it.
    fn loaded(
        &self,
        mut unit: Unit,
        identity: String,
        (export, includes): (Option<usize>, &Includes),
        config: &Arc<Config>,
    ) -> Loaded {
        let described = config.host_of(&unit.name);
        if let Some(unseen) = described.and_then(|host| host.unseen.as_ref()) {
            let (rules, settings) = (unseen.value.rules.clone(), unseen.value.settings.clone());
            unit.ruleset.complete(Unseen { span: unseen.span, rules, settings });
        }
        unit.probed = described.and_then(|host| host.probed.clone());
        let interfaces = match self.selection.interfaces.as_slice() {
            [] => described.map_or_else(Vec::new, |host: &Host| host.interfaces.clone()),
            given => given.to_vec(),
        };
        let given = self.selection.flags.clone().or(self.cloudflared.clone()).or(config.given.clone());
        let (config, settings, includes) = (config.clone(), given.settle(), includes.clone());
        Loaded { unit, identity, config, settings, interfaces, export, cloud: None, includes }
    }
}

/// Gives the second unit of a name and all further ones a number behind it, so that each can be named: two clouds may call
/// theirs alike, and policies that are exported without their names have none.
fn tell_apart(units: &mut [(Dialect, Unit)]) {
    let mut known: HashSet<String> = units.iter().map(|(_, unit)| unit.name.clone()).collect();
    let mut seen = HashSet::new();
    for (_, unit) in units {
        if seen.insert(unit.name.clone()) {
            continue;
        }
        let numbered = (2..).map(|number| format!("{}#{number}", unit.name));
        if let Some(name) = numbered.into_iter().find(|name| !known.contains(name)) {
            known.insert(name.clone());
            unit.name = name;
        }
    }
}

/// Does a name mean a unit? One without a number means all units that are called so.
fn is_called(unit: &str, name: &str) -> bool {
    let number = unit.strip_prefix(name).and_then(|rest| rest.strip_prefix('#'));
    unit == name || number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Keeps the units that were chosen by name; all, if none was.
///
/// # Errors
/// A name that no unit has.
pub(super) fn choose(units: &mut Vec<Loaded>, chosen: &[String]) -> Result<(), Failure> {
    for name in chosen {
        let names = || units.iter().map(|loaded| loaded.unit.name.as_str());
        if names().any(|known| is_called(known, name)) {
            continue;
        }
        let help = match nearest(name, names()) {
            Some(right) => format!("Did you mean `{right}`?"),
            None => {
                let shown: Vec<&str> = names().take(MOST_NAMES).collect();
                let rest = units.len() - shown.len();
                let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
                let there = if shown.len() == 1 { "There is only" } else { "There are" };
                format!("{there} {}{more}.", shown.join(", "))
            }
        };
        return Err(Failure::new(format!("there is no unit `{name}`"), help));
    }
    if !chosen.is_empty() {
        units.retain(|loaded| chosen.iter().any(|name| is_called(&loaded.unit.name, name)));
    }
    Ok(())
}
