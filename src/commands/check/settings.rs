//! `--show-settings`: what holds for each unit, as fwlint.yaml would say it, and who says so.

use std::io::{self, Write};

use crate::commands::input::{Input, Loaded};
use crate::config::{Config, LevelFor, Origin};
use crate::finding::Level;
use crate::profile;
use crate::report::shorten;
use crate::source::{Sources, Span};

/// Writes the settings of each unit as a document of YAML.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, input: &Input) -> io::Result<()> {
    for loaded in &input.units {
        unit(to, &input.sources, loaded)?;
    }
    Ok(())
}

fn unit(to: &mut dyn Write, sources: &Sources, loaded: &Loaded) -> io::Result<()> {
    let Config { profiles, levels, allow_ingress, fail_level, .. } = &*loaded.config;
    writeln!(to, "---\n# {}", shorten(&loaded.unit.name))?;
    let all = || profile::NAMES.iter().map(|name| name.to_string()).collect();
    let names =
        profiles.as_ref().map(|profiles| profiles.iter().map(|profile| profile.name.clone()).collect());
    let names: Vec<String> = names.unwrap_or_else(all);
    writeln!(to, "profiles: [{}]", names.join(", "))?;
    for (key, value, origin) in loaded.settings.each() {
        let origin = match origin {
            Origin::Default => "default".to_owned(),
            Origin::Flag => "flag".to_owned(),
            Origin::Place(span) => place(sources, span),
        };
        writeln!(to, "{key}: {} # {origin}", shorten(&value.to_string()))?;
    }
    writeln!(to, "fail-level: {}", fail_level.unwrap_or(Level::Warning).name())?;
    if !levels.0.is_empty() {
        writeln!(to, "levels:")?;
    }
    for LevelFor { lint, paths, level } in &levels.0 {
        let level = level.map_or("off", Level::name);
        let some = if paths.is_some() { " (for some files)" } else { "" };
        writeln!(to, "  {}: {level} # {}{some}", shorten(&lint.value), place(sources, lint.span))?;
    }
    if !allow_ingress.is_empty() {
        writeln!(to, "allow-ingress:")?;
    }
    for allowed in allow_ingress {
        let name = serde_json::Value::from(allowed.name.value.as_str()).to_string();
        writeln!(to, "  - name: {} # {}", shorten(&name), place(sources, allowed.name.span))?;
    }
    if !loaded.interfaces.is_empty() {
        writeln!(to, "interfaces:")?;
    }
    for interface in &loaded.interfaces {
        let addresses: Vec<String> = interface.addresses.iter().map(ToString::to_string).collect();
        writeln!(to, "  {}: [{}]", shorten(&interface.name), addresses.join(", "))?;
    }
    Ok(())
}

/// `fwlint.yaml:3:11`.
fn place(sources: &Sources, span: Span) -> String {
    let at = sources.start(span);
    format!("{}:{}:{}", shorten(&sources.file(span.file).name.to_string_lossy()), at.line, at.column)
}
