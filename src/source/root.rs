//! Paths as they are seen from a folder that is not the one in which the program was called.

use std::path::{Component, Path, PathBuf};

/// A folder from which paths are seen, and where the paths of the call start.
#[derive(Clone, Debug, Default)]
pub struct Root {
    /// The folder from which they are seen, from the root of the file system.
    pub folder: PathBuf,
    /// The directory of the call, from the root of the file system.
    pub directory: PathBuf,
}

impl Root {
    /// The repository around a directory (where `.git` is); without one, the directory itself.
    pub fn of_repository(directory: &Path) -> Self {
        let directory = absolute(directory);
        let repository = directory.ancestors().find(|ancestor| ancestor.join(".git").exists());
        Root { folder: repository.unwrap_or(&directory).to_path_buf(), directory }
    }

    /// A path of the call as it is from the folder; unchanged if it is not below that.
    pub fn below(&self, path: &Path) -> PathBuf {
        let absolute = clean(&self.directory.join(path));
        absolute.strip_prefix(clean(&self.folder)).map_or_else(|_| path.to_path_buf(), Path::to_path_buf)
    }
}

/// A path of the call as a report shows it: without `.`, and from the directory of the call if it lies below it.
/// What `..` leads to is left to the file system, which follows links.
pub fn shown(path: &Path, directory: &Path) -> PathBuf {
    let plain: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    let below = plain.strip_prefix(directory).map_or_else(|_| plain.clone(), Path::to_path_buf);
    if below.as_os_str().is_empty() { PathBuf::from(".") } else { below }
}

/// The path without `.` and `..`, as far as names tell.
pub fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// A directory from the root of the file system; an empty path is the directory of the process.
pub fn absolute(directory: &Path) -> PathBuf {
    let named = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    std::path::absolute(named).unwrap_or_else(|_| named.to_path_buf())
}

/// A path as text with `/` between its folders, whatever the system has.
pub fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        return text.into_owned();
    }
    text.replace(std::path::MAIN_SEPARATOR, "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_folder() {
        let root = Root { folder: "/repo".into(), directory: "/repo/hosts".into() };
        assert_eq!(root.below(Path::new("web/rules.v4")), Path::new("hosts/web/rules.v4"));
        assert_eq!(root.below(Path::new("./../rules.v4")), Path::new("rules.v4"));
        assert_eq!(root.below(Path::new("/etc/rules.v4")), Path::new("/etc/rules.v4"));
    }

    #[test]
    fn a_path_has_one_form_in_reports() {
        let shown = |path: &str| shown(Path::new(path), Path::new("/repo")).display().to_string();
        assert_eq!(shown("./a//b/./c"), "a/b/c");
        assert_eq!(shown("/repo/a"), "a");
        assert_eq!(shown("/repository/a"), "/repository/a");
        assert_eq!((shown("."), shown("/repo/")), (".".to_string(), ".".to_string()));
        assert_eq!(shown("../a/./b"), "../a/b");
        assert_eq!(shown("-"), "-");
    }
}
