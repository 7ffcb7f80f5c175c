//! Reading files, standard input and directories.

use std::fs;
use std::path::{Path, PathBuf};

use crate::commands::{Failure, World};
use crate::dialects::{self, Dialect};
use crate::pages;
use crate::source::from_utf16;

/// Spans are offsets of 32 bits.
const LARGEST: u64 = u32::MAX as u64;

/// A text that is a firewall.
#[derive(Clone, Debug)]
pub struct Text {
    /// Its path as the user would write it.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its language.
    pub dialect: Dialect,
}

/// Reads what a call names.
pub struct Reader<'r, 'w> {
    /// Where paths start, and standard input.
    pub world: &'r mut World<'w>,
    /// The dialect that the user says all texts have.
    pub dialect: Option<Dialect>,
    /// What standard input is called; otherwise `-`.
    pub stdin_name: Option<&'r Path>,
}

impl Reader<'_, '_> {
    /// Standard input.
    pub fn stdin(&mut self) -> Result<Text, Failure> {
        let mut bytes = Vec::new();
        let path = self.stdin_name.unwrap_or(Path::new("-")).to_path_buf();
        self.world.stdin.read_to_end(&mut bytes).map_err(|error| Failure::reading(&path, error))?;
        understand(path, bytes, self.dialect)
    }
}

/// What a file has to be.
pub const KNOWN: &str = "fwlint reads what iptables-save, iptables -S, iptables -L and ipset save print, \
                     shell scripts of iptables commands, what nft lists and loads, what gcloud prints of firewall \
                     rules and policies, what the aws command prints of security groups and network ACLs, and what \
                     the az command prints of network security groups. Use --as to say which it is.";

/// A file that must be a firewall.
pub fn file(directory: &Path, path: &Path, dialect: Option<Dialect>) -> Result<Text, Failure> {
    understand(path.to_path_buf(), bytes(directory, path)?, dialect)
}

/// The content of a file.
pub fn bytes(directory: &Path, path: &Path) -> Result<Vec<u8>, Failure> {
    let place = directory.join(path);
    let failure = |error| Failure::reading(path, error);
    let size = fs::metadata(&place).map_err(failure)?.len();
    check_size(path, size)?;
    fs::read(&place).map_err(failure)
}

fn check_size(path: &Path, size: u64) -> Result<(), Failure> {
    if size < LARGEST {
        return Ok(());
    }
    let message = format!("`{}` is larger than 4 GiB", path.display());
    Err(Failure::new(message, "Give fwlint the rules alone, or a part of them.").about(path))
}

/// Finds out what language a text is in.
fn understand(path: PathBuf, bytes: Vec<u8>, dialect: Option<Dialect>) -> Result<Text, Failure> {
    check_size(&path, bytes.len() as u64)?;
    if bytes.len() >= pages::MANY_BYTES {
        pages::huge();
    }
    let bytes = from_utf16(bytes);
    let recognise = || match std::str::from_utf8(&bytes) {
        Ok(text) => dialects::recognise(&path, text),
        Err(_) => dialects::recognise(&path, &String::from_utf8_lossy(&bytes)),
    };
    let dialect = dialect.or_else(recognise);
    match dialect {
        Some(dialect) => Ok(Text { path, bytes, dialect }),
        None => {
            let message = format!("`{}` is no firewall that fwlint knows", path.display());
            Err(Failure::new(message, KNOWN).about(&path))
        }
    }
}

/// The text of a file of packets, or of standard input.
pub fn packets(world: &mut World, path: &Path) -> Result<String, Failure> {
    if path.as_os_str() != "-" {
        return Ok(String::from_utf8_lossy(&bytes(&world.directory, path)?).into_owned());
    }
    let mut text = Vec::new();
    world.stdin.read_to_end(&mut text).map_err(|error| Failure::reading(path, error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
