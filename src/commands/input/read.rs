//! Reading files, standard input and directories.

use std::fs;
use std::path::{Path, PathBuf};

use crate::commands::{Failure, World};
use crate::dialects::{self, Dialect};
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
}

impl Reader<'_, '_> {
    /// All texts that paths name, each once, in order.
    pub fn read_all(&mut self, paths: &[PathBuf]) -> Result<Vec<Text>, Failure> {
        let mut texts: Vec<Text> = Vec::new();
        for path in paths {
            let found = if path.as_os_str() == "-" {
                vec![self.stdin()?]
            } else if self.world.directory.join(path).is_dir() {
                self.directory(path)?
            } else {
                vec![file(&self.world.directory, path, self.dialect)?]
            };
            for text in found {
                if !texts.iter().any(|other| other.path == text.path) {
                    texts.push(text);
                }
            }
        }
        Ok(texts)
    }

    fn stdin(&mut self) -> Result<Text, Failure> {
        let mut bytes = Vec::new();
        let path = PathBuf::from("-");
        self.world.stdin.read_to_end(&mut bytes).map_err(|error| Failure::reading(&path, error))?;
        understand(path, bytes, self.dialect)
    }

    /// The firewalls among the files of a directory, by name.
    fn directory(&mut self, path: &Path) -> Result<Vec<Text>, Failure> {
        let failure = |error| Failure::reading(path, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(self.world.directory.join(path)).map_err(failure)? {
            let entry = entry.map_err(failure)?;
            if entry.path().is_file() {
                names.push(path.join(entry.file_name()));
            }
        }
        names.sort();
        let mut texts = Vec::new();
        for name in names {
            let bytes = bytes(&self.world.directory, &name)?;
            texts.extend(understand(name, bytes, self.dialect).ok());
        }
        if texts.is_empty() {
            let message = format!("there is no firewall in `{}`", path.display());
            return Err(Failure::new(message).help(KNOWN));
        }
        Ok(texts)
    }
}

/// What a file has to be.
const KNOWN: &str = "fwlint reads what iptables-save, iptables -S, iptables -L and ipset save print, and \
                     shell scripts of iptables commands. Use --as to say which it is.";

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
    Err(Failure::new(format!("`{}` is larger than 4 GiB", path.display())))
}

/// Finds out what language a text is in.
fn understand(path: PathBuf, bytes: Vec<u8>, dialect: Option<Dialect>) -> Result<Text, Failure> {
    check_size(&path, bytes.len() as u64)?;
    let bytes = from_utf16(bytes);
    let dialect = dialect.or_else(|| dialects::recognise(&path, &String::from_utf8_lossy(&bytes)));
    match dialect {
        Some(dialect) => Ok(Text { path, bytes, dialect }),
        None => {
            Err(Failure::new(format!("`{}` is no firewall that fwlint knows", path.display())).help(KNOWN))
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
