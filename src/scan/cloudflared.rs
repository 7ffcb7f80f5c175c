//! How cloudflared is set up: by the arguments and the environment of its process, or, where none runs, of its systemd
//! unit, and by its `config.yml`. Flags count more than the environment, that more than the file.

mod files;
mod place;
mod token;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use files::Place;
use serde_json::Value;

use super::machine::{Machine, text};
use super::secrets;
use super::{Picture, Said, Saved};
use crate::config::{self, EdgeIpVersion, Protocol, RunsIn};
use crate::source::Sources;

/// What its configuration is called when nobody says.
const NAMES: [&str; 2] = ["config.yml", "config.yaml"];

/// What is known of one cloudflared: its words, its variables, and where it is.
#[derive(Clone, Debug, Default)]
struct Setup {
    /// `process 4711`.
    who: String,
    words: Vec<String>,
    /// `NAME=value`.
    variables: Vec<String>,
    /// Where its file system begins, as seen from here.
    root: PathBuf,
    /// The folder in which it runs, as seen from here.
    folder: PathBuf,
    /// The user that it runs as, by number or name.
    user: Option<Value>,
    /// Does it have a network of its own?
    is_apart: bool,
}

/// Takes down how cloudflared is set up.
pub(super) fn look(machine: &dyn Machine, picture: &mut Picture) {
    let mut setups = place::processes(machine, picture);
    if setups.is_empty() {
        setups.extend(place::unit(machine, picture));
    }
    let is_known = !setups.is_empty();
    let mut setups = setups.into_iter();
    let first = setups.next().unwrap_or_default();
    let (said, lines, found) = first.settings(machine, picture);
    if !is_known && !found {
        let why = "there is no process, unit or configuration of it: it is judged with its defaults";
        picture.miss("cloudflared's settings", why);
        return;
    }
    let mut record = lines;
    for other in setups {
        let (others, lines, _) = other.settings(machine, picture);
        record += &lines;
        let values =
            |all: &[Said]| all.iter().map(|said| (said.key.clone(), said.value.clone())).collect::<Vec<_>>();
        if values(&others) != values(&said) {
            let why = format!("it is set up otherwise than {}, which is judged", first.who);
            picture.miss(format!("the settings of {}", other.who), why);
        }
    }
    said.into_iter().for_each(|said| picture.say(said));
    picture.others.push(Saved { name: "cloudflared.txt", text: record });
}

impl Setup {
    /// What holds for it, what is written down of it, and whether it has a configuration.
    fn settings(&self, machine: &dyn Machine, picture: &mut Picture) -> (Vec<Said>, String, bool) {
        let mut said: Vec<Said> = Vec::new();
        let mut record = String::new();
        if !self.who.is_empty() {
            record += &format!("{}\n", self.who);
            record += &format!(
                "  arguments: {}\n",
                secrets::words(self.words.iter().map(String::as_str)).join(" ")
            );
        }
        for variable in self.variables.iter().filter_map(|variable| secrets::variable(variable)) {
            record += &format!("  environment: {variable}\n");
        }
        let endpoint = self.endpoint(machine, picture);
        let mut take = |key: &str, value: &str, by: String| match setting(key, value) {
            Some((key, value)) => {
                if !said.iter().any(|said| said.key == key) {
                    said.push(Said::new(key, value, by));
                }
            }
            None => picture.miss(format!("{by}, `{key}`"), "fwlint does not know its value"),
        };
        for (key, variable) in KEYS {
            if let Some(value) = self.flag(key) {
                take(key, value, format!("--{key} of {}", self.who));
            }
            if let Some(value) = self.variable(variable) {
                take(key, value, format!("{variable} of {}", self.who));
            }
        }
        // What stands in a token is not shown, not even where it is not understood.
        if let Some((endpoint, by)) = endpoint {
            take("region", &endpoint, by);
        }
        if self.flag("no-autoupdate").or(self.variable("NO_AUTOUPDATE")).is_some_and(|value| value != "false")
        {
            said.push(Said::new("auto-update", false, format!("--no-autoupdate of {}", self.who)));
        }
        let found = self.configuration(machine, picture, &mut said, &mut record);
        if self.is_quick() {
            said.push(Said::new("quick-tunnel", true, format!("--url of {}", self.who)));
        }
        if self.is_apart {
            let value = serde_json::to_value(RunsIn::Container).unwrap_or_default();
            said.push(Said::new("runs-in", value, format!("the network of {}", self.who)));
        } else if let Some(user) = &self.user {
            said.push(Said::new("user", user.clone(), self.who.clone()));
        }
        (said, record, found)
    }

    /// What its configuration says, behind what flags and variables say. Is there one?
    fn configuration(
        &self,
        machine: &dyn Machine,
        picture: &mut Picture,
        said: &mut Vec<Said>,
        record: &mut String,
    ) -> bool {
        let (places, is_named) = self.configurations(machine);
        for Place { own: path, seen } in places {
            let bytes = match machine.read(&seen) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => continue,
                Err(error) => {
                    picture.miss(format!("cloudflared's configuration `{}`", path.display()), reason(&error));
                    return false;
                }
            };
            let mut sources = Sources::default();
            let file = sources.add(&path, bytes);
            let Ok(given) = config::read_cloudflared(&sources, file) else {
                picture.miss(
                    format!("cloudflared's configuration `{}`", path.display()),
                    "there are mistakes in it",
                );
                return true;
            };
            // What is not about the network may be secret, and is left out.
            *record += &format!("{}\n", path.display());
            for (key, value) in given.told() {
                *record += &format!("  {key}: {value}\n");
                if !said.iter().any(|said| said.key == key) {
                    said.push(Said::new(key, value, path.display().to_string()));
                }
            }
            return true;
        }
        false
    }

    /// Where its configuration may be, and whether it is told.
    fn configurations(&self, machine: &dyn Machine) -> (Vec<Place>, bool) {
        match self.flag("config") {
            Some(path) => (vec![self.plain_place(path)], true),
            None => {
                let folders = self.folders(machine).into_iter();
                (folders.flat_map(|folder| NAMES.map(|name| folder.join(name))).collect(), false)
            }
        }
    }

    /// The value of a flag, in any of the forms that it may have; a switch is `true`.
    fn flag(&self, name: &str) -> Option<&str> {
        let mut words = self.words.iter().skip(1).map(String::as_str);
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix('-') else { continue };
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            match flag.split_once('=') {
                Some((flag, value)) if flag == name => return Some(value),
                None if flag == name && name == "no-autoupdate" => return Some("true"),
                None if flag == name => return words.next(),
                _ => {}
            }
        }
        None
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let value = |variable: &str| {
            variable.split_once('=').filter(|(known, _)| *known == name).map(|pair| pair.1.len())
        };
        let found = self.variables.iter().find_map(|variable| Some((variable, value(variable)?)));
        found.map(|(variable, length)| &variable[variable.len() - length..])
    }

    /// Is it a quick tunnel: one that is told what to serve, and no tunnel to run?
    fn is_quick(&self) -> bool {
        let has = |word: &str| self.words.iter().any(|other| other == word);
        let is_named = ["run", "--token", "--name"].iter().any(|word| has(word))
            || ["token", "name"].iter().any(|flag| self.flag(flag).is_some())
            || self.variable("TUNNEL_TOKEN").is_some();
        has("tunnel") && !is_named && (self.flag("url").is_some() || has("--hello-world"))
    }
}

/// Flags that say something about the network, and the variables that say the same; the first that is said counts.
const KEYS: [(&str, &str); 4] = [
    ("edge-bind-address", "TUNNEL_EDGE_BIND_ADDRESS"),
    ("edge-ip-version", "TUNNEL_EDGE_IP_VERSION"),
    ("protocol", "TUNNEL_TRANSPORT_PROTOCOL"),
    ("region", "TUNNEL_REGION"),
];

/// What a value of cloudflared's is in fwlint.yaml; `None` if fwlint does not know it.
fn setting(key: &str, value: &str) -> Option<(&'static str, Value)> {
    let known = |is_known: bool| is_known.then(|| Value::from(value));
    Some(match key {
        "protocol" => ("protocol", known(serde_json::from_value::<Protocol>(value.into()).is_ok())?),
        "edge-ip-version" => {
            ("edge-ip-version", known(serde_json::from_value::<EdgeIpVersion>(value.into()).is_ok())?)
        }
        "edge-bind-address" => ("edge-bind-address", known(value.parse::<IpAddr>().is_ok())?),
        _ => {
            let region = match value {
                "" => "global",
                "fed" => "fedramp",
                other => other,
            };
            ("region", config::region_named(region).ok()?.into())
        }
    })
}

/// Why a file was not read.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "it needs root".to_owned(),
        _ => error.to_string(),
    }
}

/// A file as text, if it can be read.
fn file(machine: &dyn Machine, path: &Path) -> Option<String> {
    machine.read(path).ok().map(text)
}
