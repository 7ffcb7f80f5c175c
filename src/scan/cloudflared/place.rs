//! Where cloudflared is: its processes, or its systemd unit.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Setup, file, reason};
use crate::scan::Picture;
use crate::scan::machine::{Machine, text};

/// Where systemd looks for the unit, the first that is there counts.
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
const UNIT: &str = "cloudflared.service";

/// All processes of cloudflared that hold a tunnel.
pub(super) fn processes(machine: &dyn Machine, picture: &mut Picture) -> Vec<Setup> {
    let own = machine.link(Path::new("/proc/self/ns/net")).ok();
    let mut found = Vec::new();
    let names = machine.list(Path::new("/proc")).unwrap_or_default();
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    for number in numbers {
        let place = PathBuf::from(format!("/proc/{number}"));
        let Some(line) = file(machine, &place.join("cmdline")) else { continue };
        let words: Vec<String> =
            line.split('\0').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        if !is_tunnel(&words) {
            continue;
        }
        let who = format!("process {number}");
        let variables = match machine.read(&place.join("environ")) {
            Ok(variables) => text(variables).split('\0').map(str::to_owned).collect(),
            Err(error) => {
                picture.miss(format!("the environment of cloudflared, {who}"), reason(&error));
                Vec::new()
            }
        };
        let network = machine.link(&place.join("ns/net"));
        if let (Some(_), Err(error)) = (&own, &network) {
            picture.miss(format!("whether cloudflared, {who}, runs in a container"), reason(error));
        }
        let is_apart = own.as_ref().zip(network.as_ref().ok()).is_some_and(|(own, other)| own != other);
        // Its files are those of this machine unless it has a root of its own, which only root may see.
        let root = place.join("root");
        let root = if machine.list(&root).is_ok() { root } else { PathBuf::new() };
        let user = file(machine, &place.join("status")).and_then(|status| user(&status));
        let folder = place.join("cwd");
        found.push(Setup { who, words, variables, root, folder, user, is_apart });
    }
    found
}

/// Do these words start cloudflared to hold a tunnel? Without a command it does what its configuration says.
fn is_tunnel(words: &[String]) -> bool {
    let program = words.first().and_then(|word| Path::new(word).file_name());
    let others = ["access", "update", "version", "tail", "proxy-dns", "service", "login", "db-connect"];
    program.is_some_and(|program| program == "cloudflared")
        && !words.iter().skip(1).any(|word| others.contains(&word.as_str()))
}

/// The user of a process, from its status: the second number is the effective one.
fn user(status: &str) -> Option<serde_json::Value> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().nth(1)?.parse::<u32>().ok().map(Into::into)
}

/// What the systemd unit starts, if there is one.
pub(super) fn unit(machine: &dyn Machine, picture: &mut Picture) -> Option<Setup> {
    let (path, unit) = UNITS.iter().find_map(|folder| {
        let path = Path::new(folder).join(UNIT);
        file(machine, &path).map(|unit| (path, unit))
    })?;
    let mut folder = String::new();
    let mut setup = Setup { who: path.display().to_string(), folder: PathBuf::from("/"), ..Setup::default() };
    take(machine, picture, &mut setup, &mut folder, &unit);
    // Drop-ins come behind it, by the alphabet.
    for place in UNITS {
        let place = Path::new(place).join(format!("{UNIT}.d"));
        for name in machine.list(&place).unwrap_or_default().iter().filter(|name| name.ends_with(".conf")) {
            if let Some(more) = file(machine, &place.join(name)) {
                take(machine, picture, &mut setup, &mut folder, &more);
            }
        }
    }
    // Whose home `~` is, all lines together say.
    let home = (folder == "~").then(|| setup.home_of_user(machine)).flatten();
    setup.folder = setup.plain_place(&home.unwrap_or(folder)).seen;
    Some(setup)
}

/// Takes the lines of a unit in that say how its program is started, and in which folder.
fn take(machine: &dyn Machine, picture: &mut Picture, setup: &mut Setup, folder: &mut String, unit: &str) {
    let joined = unit.replace("\\\n", " ");
    for (key, value) in joined.lines().filter_map(|line| line.trim().split_once('=')) {
        match key.trim() {
            // An empty one takes back what was said before.
            "ExecStart" => {
                setup.words = words(value.trim().trim_start_matches(['-', '@', ':', '+', '!']));
            }
            "Environment" => setup.variables.extend(words(value)),
            "EnvironmentFile" => {
                let path = Path::new(value.trim().trim_start_matches('-'));
                match machine.read(path) {
                    Ok(bytes) => setup.variables.extend(lines(&text(bytes))),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => picture
                        .miss(format!("cloudflared's environment `{}`", path.display()), reason(&error)),
                }
            }
            // With a dash it need not be there.
            "WorkingDirectory" => value.trim().trim_start_matches('-').clone_into(folder),
            // An empty one takes it back: then it is the system's own service.
            "User" => {
                let name = Some(value.trim()).filter(|name| !name.is_empty());
                setup.user = name.map(|name| name.parse::<u32>().map_or_else(|_| name.into(), Into::into));
            }
            _ => {}
        }
    }
}

/// The variables of a file of them.
fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    lines.filter(|line| line.contains('=')).map(|line| line.replace(['"', '\''], "")).collect()
}

/// The words of a line of a unit: white space and quotes, as systemd splits them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut is_word, mut quote) = (String::new(), false, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => (quote, is_word) = (Some(character), true),
            (None, _) if character.is_whitespace() => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                word.push(character);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}
