//! Where cloudflared's own files are: as it finds them, and as they are seen from here.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Setup, file};
use crate::scan::machine::Machine;

/// Where cloudflared looks for its files when nobody says: these below the home of its user, then the others.
const OF_USER: [&str; 3] = [".cloudflared", ".cloudflare-warp", "cloudflare-warp"];
const OF_SYSTEM: [&str; 2] = ["/etc/cloudflared", "/usr/local/etc/cloudflared"];

/// A path as cloudflared has it, and as it is seen from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) own: PathBuf,
    pub(super) seen: PathBuf,
}

impl Place {
    /// A file in this folder.
    pub(super) fn join(&self, name: &str) -> Place {
        Place { own: self.own.join(name), seen: self.seen.join(name) }
    }
}

impl Setup {
    /// The place of a path that it was told: from its working directory, and from the home of its user where that is written
    /// `~`, as far as it is known.
    pub(super) fn place(&self, machine: &dyn Machine, path: &str) -> Place {
        let own = Path::new(path);
        let below_home = own.strip_prefix("~").ok().and_then(|rest| Some(self.home(machine)?.join(rest)));
        let own = below_home.unwrap_or_else(|| own.to_path_buf());
        let seen = if own.is_absolute() { self.within(&own) } else { self.folder.join(&own) };
        Place { own, seen }
    }

    /// The same of a path for which `~` is a name like any other.
    pub(super) fn plain_place(&self, path: &str) -> Place {
        let own = PathBuf::from(path);
        let seen = if own.is_absolute() { self.within(&own) } else { self.folder.join(&own) };
        Place { own, seen }
    }

    /// The folders in which it looks for its files, in that order.
    pub(super) fn folders(&self, machine: &dyn Machine) -> Vec<Place> {
        let of_user = self.home(machine).into_iter().flat_map(|home| OF_USER.map(|name| home.join(name)));
        let all = of_user.chain(OF_SYSTEM.map(PathBuf::from));
        all.map(|own| Place { seen: self.within(&own), own }).collect()
    }

    /// The home of its user: by its environment, otherwise as the list of users has it.
    fn home(&self, machine: &dyn Machine) -> Option<PathBuf> {
        if let Some(home) = self.variable("HOME").filter(|home| !home.is_empty()) {
            return Some(PathBuf::from(home));
        }
        self.home_of_user(machine).map(PathBuf::from)
    }

    /// The home of its user as the list of users has it, whatever its environment says.
    pub(super) fn home_of_user(&self, machine: &dyn Machine) -> Option<String> {
        // Without a user it is the system's own service.
        let user = self.user.clone().unwrap_or_else(|| Value::from(0));
        let users = file(machine, &self.within(Path::new("/etc/passwd")))?;
        let home = |line: &str| {
            // passwd(5): name, password, number, group, comment, home, shell.
            let fields: Vec<&str> = line.split(':').collect();
            let is_own = match &user {
                Value::String(name) => fields.first() == Some(&name.as_str()),
                number => fields.get(2).and_then(|field| field.parse::<u64>().ok()) == number.as_u64(),
            };
            fields.get(5).filter(|home| is_own && home.starts_with('/')).map(|home| (*home).to_owned())
        };
        users.lines().find_map(home)
    }

    /// A path of its own, as seen from here.
    fn within(&self, path: &Path) -> PathBuf {
        match path.strip_prefix("/") {
            Ok(inner) if !self.root.as_os_str().is_empty() => self.root.join(inner),
            _ => path.to_path_buf(),
        }
    }
}
