//! `fwlint init`: writes a fwlint.yaml, with comments, for the firewalls that it finds.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::commands::input::{self, ConfigChoice, Input, Selection};
use crate::commands::{Failure, Outcome, World};
use crate::config::FILE_NAME;
use crate::web;

/// Writes the file in the current folder.
///
/// # Errors
/// A file that is there already or cannot be written, and firewalls that cannot be read.
pub fn run(world: &mut World) -> Result<Outcome, Failure> {
    let path = world.directory.join(FILE_NAME);
    if path.exists() {
        let message = format!("`{FILE_NAME}` is there already");
        return Err(Failure::new(message, "Move it away to make a new one."));
    }
    // Nothing found is no reason not to begin.
    let selection = Selection { config: ConfigChoice::Isolated, ..Selection::default() };
    let input = input::load(world, &selection).unwrap_or_default();
    let text = text(&input);
    let written = File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::writing(Path::new(FILE_NAME), error))?;
    writeln!(world.stdout, "wrote {FILE_NAME}; `fwlint check` reads it")?;
    Ok(Outcome::Clean)
}

fn text(input: &Input) -> String {
    let schema = web::document("fwlint.schema.json");
    let mut text = format!("# yaml-language-server: $schema={schema}\n{HEAD}");
    let hosts: Vec<_> = input.units.iter().filter(|loaded| loaded.unit.files.len() > 1).collect();
    text += match hosts.as_slice() {
        [] => {
            "# hosts:\n#   - name: web\n#     files: [rules.v4, rules.v6]\n#     interfaces:\n#       eth0: [192.0.2.10/24]\n"
        }
        _ => "hosts:\n",
    };
    for loaded in hosts {
        let paths = loaded.unit.files.iter().map(|file| input.sources.file(*file).name.to_string_lossy());
        let paths: Vec<String> = paths.map(|path| quoted(&path)).collect();
        let first = loaded.unit.files.first().map(|file| &input.sources.file(*file).name);
        let folder = first.and_then(|path| path.parent()?.to_str()).filter(|folder| !folder.is_empty());
        let name = quoted(folder.unwrap_or("this host"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  - name: {name}\n    files: [{}]", paths.join(", "));
    }
    text
}

/// A string as YAML: JSON's are YAML's too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

const HEAD: &str = "\
# What fwlint cannot see in the rules. All of it is optional; `fwlint check --show-settings` shows what holds.

# How cloudflared is set up; `profiles: []` if there is none.
# protocol: auto # auto, quic, http2
# edge-ip-version: auto # auto, 4, 6
# region: global # global, us, fedramp
# resolvers: [192.0.2.53]
# runs-in: host # host, container

# `positive`: nothing gets in that is not allowed by name below.
policy: advisory # advisory, positive

# allow-ingress:
#   - name: ssh
#     ports: 22
#     protocol: tcp
#     source: 192.0.2.0/24
#     reason: administration from the office

# What to make of lints: off, note, warning, error; for some files only, if you like.
# levels:
#   unused-chain: off
#   open-port:
#     \"old/**\": off

# From which level on findings fail the check.
fail-level: warning # note, warning, error

# Files that are not looked for, as in .gitignore.
# exclude: [vendor]

# Which files are loaded together on one machine, and its interfaces; the first leads to the internet.
";
