//! `--show-settings`: what holds for each unit, as fwlint.yaml would say it, and who says so.

use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use super::{Baseline, Options};
use crate::commands::input::{ConfigChoice, Input, Loaded};
use crate::config::{AllowIngress, LevelFor, Origin, PROTOCOLS, ProtocolNumber};
use crate::finding::Level;
use crate::profile;
use crate::report::shorten;
use crate::source::{Sources, Span};

/// Writes the settings of each unit as a document of YAML.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, input: &Input, options: &Options) -> io::Result<()> {
    for loaded in &input.units {
        Shown { sources: &input.sources, loaded, options }.write(to)?;
    }
    Ok(())
}

/// What is shown of a unit.
struct Shown<'s> {
    sources: &'s Sources,
    loaded: &'s Loaded,
    options: &'s Options,
}

impl Shown<'_> {
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let Shown { loaded, .. } = self;
        writeln!(to, "---\n# {}", shorten(&loaded.unit.name))?;
        for flag in self.flags() {
            writeln!(to, "# {}", shorten(&flag))?;
        }
        let profiles = match &loaded.config.profiles {
            Some(profiles) => list(profiles.iter().map(|profile| profile.name.as_str())),
            None => list(profile::NAMES.iter().copied()),
        };
        writeln!(to, "profiles: {profiles} # {}", self.origin_of("profiles"))?;
        for (key, value, origin) in loaded.settings.each() {
            writeln!(to, "{key}: {} # {}", word(&value), self.origin(origin))?;
        }
        self.write_levels(to)?;
        if let Some(exclude) = &loaded.config.exclude {
            let globs = list(exclude.globs().iter().map(|glob| glob.value.as_str()));
            writeln!(to, "exclude: {globs} # {}", self.origin_of("exclude"))?;
        }
        for (index, allowed) in loaded.config.allow_ingress.iter().enumerate() {
            write!(to, "{}", if index == 0 { "allow-ingress:\n" } else { "" })?;
            self.write_allowed(to, allowed)?;
        }
        self.write_host(to)
    }

    /// What may come in by a name; what is left out means all.
    fn write_allowed(&self, to: &mut dyn Write, allowed: &AllowIngress) -> io::Result<()> {
        let AllowIngress { name, ports, protocol, source, reason } = allowed;
        let text = |text: &str| word(&Value::from(text));
        writeln!(to, "  - name: {} # {}", text(&name.value), place(self.sources, name.span))?;
        let protocols: Vec<Value> = protocol.iter().map(|protocol| protocol_word(protocol.value)).collect();
        let sources: Vec<Value> =
            source.iter().map(|source| Value::from(source.value.0.to_string())).collect();
        let ports = ports.iter().map(|ports| serde_json::to_value(ports.value));
        let ports = ports.collect::<Result<Vec<Value>, _>>()?;
        for (key, values) in [("ports", ports), ("protocol", protocols), ("source", sources)] {
            if !values.is_empty() {
                writeln!(to, "    {key}: {}", word(&Value::from(values)))?;
            }
        }
        match reason {
            Some(reason) => writeln!(to, "    reason: {}", text(reason)),
            None => Ok(()),
        }
    }

    /// From which level on findings fail, and the levels of lints.
    fn write_levels(&self, to: &mut dyn Write) -> io::Result<()> {
        let config = &self.loaded.config;
        let (level, origin) = match (self.options.fail_level, config.fail_level) {
            (Some(level), _) => (level, "flag".to_owned()),
            (None, said) => (said.unwrap_or(Level::Warning), self.origin_of("fail-level")),
        };
        writeln!(to, "fail-level: {} # {origin}", level.name())?;
        let mut before = None;
        for LevelFor { lint, paths, level } in &config.levels.0 {
            write!(to, "{}", if before.is_none() { "levels:\n" } else { "" })?;
            let level = level.map_or("off", Level::name);
            let name = word(&Value::from(lint.value.as_str()));
            match paths.as_ref().and_then(|paths| paths.globs().first()) {
                None => writeln!(to, "  {name}: {level} # {}", place(self.sources, lint.span))?,
                Some(glob) => {
                    let head = if before == Some(lint) { String::new() } else { format!("  {name}:\n") };
                    let path = Value::from(shorten(&glob.value));
                    writeln!(to, "{head}    {path}: {level} # {}", place(self.sources, glob.span))?;
                }
            }
            before = Some(lint);
        }
        Ok(())
    }

    /// The units that run the tunnel, and the interfaces.
    fn write_host(&self, to: &mut dyn Write) -> io::Result<()> {
        let Shown { sources, loaded, options } = self;
        let units = list(loaded.config.units.iter().map(|unit| unit.value.as_str()));
        if !loaded.config.units.is_empty() {
            writeln!(to, "units: {units} # {}", self.origin_of("units"))?;
        }
        let described = loaded.config.host_of(&loaded.unit.name).map(|host| host.name.span);
        let origin = match (options.selection.interfaces.is_empty(), described) {
            (true, Some(span)) => place(sources, span),
            _ => "flag".to_owned(),
        };
        for (index, interface) in loaded.interfaces.iter().enumerate() {
            write!(to, "{}", if index == 0 { format!("interfaces: # {origin}\n") } else { String::new() })?;
            let addresses: Vec<String> = interface.addresses.iter().map(ToString::to_string).collect();
            let name = word(&Value::from(interface.name.as_str()));
            writeln!(to, "  {name}: {}", list(addresses.iter().map(String::as_str)))?;
        }
        Ok(())
    }

    /// The flags in force that are no keys of fwlint.yaml.
    fn flags(&self) -> Vec<String> {
        let Options { selection, select, ignore, baseline, .. } = self.options;
        let on = |is_on: bool, flag: &str| is_on.then(|| flag.to_owned());
        let listed =
            |flag: &str, all: &[&str]| (!all.is_empty()).then(|| format!("{flag} {}", all.join(",")));
        let of = |flag: &str, path: &Path| format!("{flag} {}", path.display());
        let config = match &selection.config {
            ConfigChoice::Discover => None,
            ConfigChoice::File(path) => Some(of("--config", path)),
            ConfigChoice::Isolated => Some("--isolated".to_owned()),
        };
        let units: Vec<&str> = selection.units.iter().map(String::as_str).collect();
        let flags = [
            config,
            selection.cloudflared.as_deref().map(|path| of("--cloudflared-config", path)),
            listed("--select", select),
            listed("--ignore", ignore),
            on(self.options.is_strict, "--strict"),
            on(self.options.exit_zero, "--exit-zero"),
            on(self.options.is_quick, "--quick"),
            self.options.fixes.map(|fixes| format!("--fixes {fixes}")),
            baseline.as_ref().map(|baseline| match baseline {
                Baseline::Read(path) => of("--baseline", path),
                Baseline::Write(path) => of("--write-baseline", path),
            }),
            on(selection.force_exclude, "--force-exclude"),
            on(selection.together, "--together"),
            selection.dialect.map(|dialect| format!("--as {}", dialect.entry().name)),
            listed("--unit", &units),
        ];
        flags.into_iter().flatten().collect()
    }

    /// Who says what stands at a key of fwlint.yaml that no flag can give.
    fn origin_of(&self, key: &str) -> String {
        self.origin(self.loaded.config.place(key).map_or(Origin::Default, Origin::Place))
    }

    fn origin(&self, origin: Origin) -> String {
        match origin {
            Origin::Default => "default".to_owned(),
            Origin::Flag => "flag".to_owned(),
            Origin::Place(span) => place(self.sources, span),
        }
    }
}

/// A value as YAML: words and addresses of IPv4 as they are, all other things as JSON, which YAML holds.
fn word(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(word).collect::<Vec<_>>().join(", ")),
        Value::String(text) if is_plain(text) => text.clone(),
        value => shorten(&value.to_string()),
    }
}

/// Does YAML read the text as nothing but this text?
fn is_plain(text: &str) -> bool {
    const OTHERS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_fit = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_address = text.parse().is_ok_and(|crate::config::Address(network)| network.addr().is_ipv4());
    (is_word || is_address)
        && text.len() < 100
        && text.chars().all(is_fit)
        && !OTHERS.contains(&text.to_ascii_lowercase().as_str())
}

/// The name of a protocol, otherwise its number.
fn protocol_word(ProtocolNumber(number): ProtocolNumber) -> Value {
    match PROTOCOLS.iter().find(|(_, known)| *known == number) {
        Some((name, _)) => Value::from(*name),
        None => Value::from(number),
    }
}

fn list<'w>(words: impl Iterator<Item = &'w str>) -> String {
    word(&words.map(Value::from).collect())
}

/// `fwlint.yaml:3:11`.
fn place(sources: &Sources, span: Span) -> String {
    let at = sources.start(span);
    format!("{}:{}:{}", shorten(&sources.file(span.file).name.to_string_lossy()), at.line, at.column)
}
