//! From texts that belong together to units: one host, or as many as an export of a cloud holds.

use std::path::Path;
use std::sync::Arc;

use super::includes::{self, Found};
use super::{Group, Loaded, Loader};
use crate::commands::Failure;
use crate::config::{Config, Host};
use crate::dialects::{Dialect, Includes, Place, Read};
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
    exports: Vec<(Dialect, Vec<FileId>)>,
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
        let mut exports: Vec<(Dialect, Vec<FileId>)> = Vec::new();
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
                Read::Units(_) => match exports.iter_mut().find(|export| export.0 == text.dialect) {
                    Some(export) => export.1.push(file),
                    None => exports.push((text.dialect, vec![file])),
                },
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
            units.push((None, identity, Unit { name, files, ruleset: host, probed: None, must_serve: true }));
        }
        for (dialect, files) in exports {
            let read = self.exported(dialect, files);
            // One of several need serve, if nobody says which.
            let is_named = |unit: &Unit| {
                let named = config.units.iter().map(|unit| &unit.value);
                named.chain(&self.selection.units).any(|name| *name == unit.name)
            };
            let export = (read.len() > 1 && !read.iter().any(is_named)).then_some(number);
            let is_alone = read.len() == 1;
            units.extend(read.into_iter().map(|unit| {
                let must_serve = is_alone || is_named(&unit);
                (export, unit.name.clone(), Unit { must_serve, ..unit })
            }));
        }
        let includes = Includes::of(hosted.iter().flat_map(|(_, _, found)| found));
        let loaded = |(export, identity, unit)| self.loaded(unit, identity, (export, &includes), &config);
        units.into_iter().map(loaded).collect()
    }

    /// The units of an export. What is wrong with the whole is said of the first.
    fn exported(&self, dialect: Dialect, files: Vec<FileId>) -> Vec<Unit> {
        let Read::Units(read) = dialect.entry().read else { return Vec::new() };
        let texts: Vec<_> =
            files.iter().map(|file| (*file, self.sources.file(*file).text.as_str())).collect();
        let export = read(&texts);
        let unit = |name, mut ruleset: Ruleset| {
            if ruleset.looks_names_up() {
                ruleset.resolve(&profile::names());
            }
            Unit { name, files: files.clone(), ruleset, probed: None, must_serve: false }
        };
        let mut units: Vec<Unit> = export.units.into_iter().map(|it| unit(it.name, it.ruleset)).collect();
        match units.first_mut() {
            Some(first) => first.ruleset.remarks.extend(export.remarks),
            None => {
                let names = files.iter().map(|file| self.sources.file(*file).name.display().to_string());
                let ruleset = Ruleset { remarks: export.remarks, ..Ruleset::default() };
                units.push(unit(names.collect::<Vec<_>>().join(" + "), ruleset));
            }
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
        Loaded { unit, identity, config, settings, interfaces, export, includes }
    }
}

/// Keeps the units that were chosen by name; all, if none was.
///
/// # Errors
/// A name that no unit has.
pub(super) fn choose(units: &mut Vec<Loaded>, chosen: &[String]) -> Result<(), Failure> {
    for name in chosen {
        let names = || units.iter().map(|loaded| loaded.unit.name.as_str());
        if names().any(|known| known == name) {
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
        units.retain(|loaded| chosen.contains(&loaded.unit.name));
    }
    Ok(())
}
