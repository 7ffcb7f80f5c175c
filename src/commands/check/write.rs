//! Writing a changed file so that nothing can be lost: into a new file beside it, which then takes its name.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::commands::input::Input;
use crate::commands::{Failure, Outcome, World};
use crate::dialects::iptables::family::twins;
use crate::finding::{Edit, NewFile};
use crate::report::escape_lines;
use crate::source::{FileId, Sources};

/// Changes a file on disk by edits of the text that was read from it, in the order of places. Mode and owner stay;
/// of a symbolic link, the file that it leads to is changed. At any moment the name leads to the old content or to
/// the new one.
///
/// # Errors
/// If the file is not what was read any more, or cannot be written. The old content is untouched then.
pub fn change(path: &Path, was: &str, edits: &[Edit]) -> Result<(), Failure> {
    let failure = |error| Failure::writing(path, error);
    let target = fs::canonicalize(path).map_err(failure)?;
    let old = unchanged(path, &target, was)?;
    let new = edited(&old, edits).ok_or_else(|| {
        let message = format!("`{}` is not UTF-8 where it would change", path.display());
        Failure::new(message, "Change it by hand.")
    })?;
    let metadata = fs::metadata(&target).map_err(failure)?;
    let folder = target.parent().map_or_else(|| PathBuf::from("/"), Path::to_path_buf);
    // Deleted again unless it takes the name of the file.
    let mut fresh = tempfile::Builder::new().prefix(".fwlint-").tempfile_in(&folder).map_err(failure)?;
    fresh.write_all(&new).map_err(failure)?;
    take_after(fresh.as_file(), &metadata).map_err(failure)?;
    fresh.as_file().sync_all().map_err(failure)?;
    // Somebody may have written meanwhile.
    unchanged(path, &target, was)?;
    fresh.persist(&target).map_err(|error| failure(error.error))?;
    // The new name must survive a crash, too. Not every file system can be asked for that.
    let _ = File::open(&folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// The content of a file, if it still is what was read: bytes that are no UTF-8 stand as `?` in that.
fn unchanged(path: &Path, target: &Path, was: &str) -> Result<Vec<u8>, Failure> {
    let bytes = fs::read(target).map_err(|error| Failure::reading(path, error))?;
    if crate::source::masked(bytes.clone()) == was {
        return Ok(bytes);
    }
    let message = format!("`{}` has changed since it was read", path.display());
    Err(Failure::new(message, "Run fwlint again."))
}

/// Bytes after edits; `None` if an edit holds what stood there as `?`.
fn edited(old: &[u8], edits: &[Edit]) -> Option<Vec<u8>> {
    let is_masked = std::str::from_utf8(old).is_err();
    let mut new = Vec::with_capacity(old.len());
    let mut from = 0;
    for edit in edits {
        if is_masked && edit.text.contains('?') {
            return None;
        }
        new.extend_from_slice(old.get(from..edit.span.start as usize)?);
        new.extend_from_slice(edit.text.as_bytes());
        from = edit.span.end as usize;
    }
    new.extend_from_slice(old.get(from..)?);
    Some(new)
}

/// Gives a file the owner and the mode of another.
#[cfg(unix)]
fn take_after(file: &File, other: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
        fchown(file, Some(other.uid()), Some(other.gid()))?;
    }
    // The owner first: a change of it takes special bits of the mode away.
    file.set_permissions(other.permissions())
}

/// Gives a file the permissions of another.
#[cfg(not(unix))]
fn take_after(file: &File, other: &Metadata) -> io::Result<()> {
    file.set_permissions(other.permissions())
}

/// Writes all texts that have changed to their files.
///
/// # Errors
/// For a text that has no file, and as [`change`] says. Files that come later are untouched then.
pub fn changes(world: &World, before: &Sources, input: &Input) -> Result<(), Failure> {
    let changed = changed(before, input);
    let is_stdin = |file: &FileId| input.stdin.as_ref() == Some(&before.file(*file).name);
    if changed.iter().any(is_stdin) {
        let help = "Use --diff to see what would change.";
        return Err(Failure::new("standard input cannot be changed", help));
    }
    for file in changed {
        let source = before.file(file);
        let edits = crate::fix::between(before, &input.sources, &[file]);
        change(&world.directory.join(&source.name), &source.text, &edits)?;
    }
    for NewFile { path, text } in crate::fix::new_files(before, &input.sources) {
        create(&world.directory.join(path), &text)?;
    }
    Ok(())
}

/// Writes a file that is not there yet: it is there as a whole, or not at all.
///
/// # Errors
/// If something has its name already, or it cannot be written.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let failure = |error| Failure::writing(path, error);
    let folder = path.parent().map_or_else(|| PathBuf::from("/"), Path::to_path_buf);
    let mut fresh = tempfile::Builder::new().prefix(".fwlint-").tempfile_in(&folder).map_err(failure)?;
    fresh.write_all(text.as_bytes()).map_err(failure)?;
    // Who may read the rules beside it may read these.
    if let Some(metadata) = twins(path).first().and_then(|twin| fs::metadata(twin).ok()) {
        take_after(fresh.as_file(), &metadata).map_err(failure)?;
    }
    fresh.as_file().sync_all().map_err(failure)?;
    fresh.persist_noclobber(path).map_err(|error| failure(error.error))?;
    let _ = File::open(&folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Shows what has changed as a unified diff.
///
/// # Errors
/// When the output cannot be written.
pub fn differences(world: &mut World, before: &Sources, input: &Input) -> Result<Outcome, Failure> {
    let changed = changed(before, input);
    for file in &changed {
        let (old, new) = (before.file(*file), input.sources.file(*file));
        let name = old.name.display().to_string();
        let diff = similar::TextDiff::from_lines(old.text.as_str(), new.text.as_str());
        let text = diff.unified_diff().header(&name, &name).to_string();
        write!(world.stdout, "{}", escape_lines(&text))?;
    }
    let new_files = crate::fix::new_files(before, &input.sources);
    for NewFile { path, text } in &new_files {
        let diff = similar::TextDiff::from_lines("", text.as_str());
        let text = diff.unified_diff().header("/dev/null", &path.display().to_string()).to_string();
        write!(world.stdout, "{}", escape_lines(&text))?;
    }
    Ok(if changed.is_empty() && new_files.is_empty() { Outcome::Clean } else { Outcome::Found })
}

/// The files whose texts are not what they were.
fn changed(before: &Sources, input: &Input) -> Vec<FileId> {
    before.ids().filter(|file| before.file(*file).text != input.sources.file(*file).text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn a_file_that_has_changed_since_it_was_read_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rules.v4");
        fs::write(&path, "new\n").expect("a file");
        let edits = [Edit { span: Span::new(FileId(0), 0, 3), text: "mended".into() }];
        assert!(change(&path, "old\n", &edits).is_err());
        assert_eq!(fs::read(&path).expect("it is there"), b"new\n");
        assert!(change(&path, "new\n", &edits).is_ok());
        assert_eq!(fs::read(&path).expect("it is there"), b"mended\n");
    }

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rules.v6");
        assert!(create(&path, "new\n").is_ok());
        assert!(create(&path, "other\n").is_err());
        assert_eq!(fs::read(&path).expect("it is there"), b"new\n");
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1, "nothing else is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_may_be_read_by_those_who_read_the_one_beside_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let (old, new) = (folder.path().join("rules.v4"), folder.path().join("rules.v6"));
        fs::write(&old, "old\n").expect("a file");
        fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).expect("it has a mode");
        assert!(create(&new, "new\n").is_ok());
        let mode = fs::metadata(&new).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn bytes_that_are_no_text_stay_as_they_are() {
        let edits = [Edit { span: Span::new(FileId(0), 2, 3), text: "x".into() }];
        assert_eq!(edited(b"\xff b", &edits), Some(b"\xff x".to_vec()));
        let masked = [Edit { span: Span::new(FileId(0), 0, 3), text: "? x".into() }];
        assert_eq!(edited(b"\xff b", &masked), None);
    }
}
