//! Edits and the texts that they change.

use crate::dialects::iptables::family::twins;
use crate::dialects::{self, Dialect};
use crate::finding::{Edit, NewFile, edited};
use crate::model::Step;
use crate::packet::Family;
use crate::source::{FileId, Sources, Span};

/// Does any of these edits, in the order of places, touch what another changes?
pub fn overlap(edits: &[Edit]) -> bool {
    edits
        .windows(2)
        .any(|pair| pair[0].span.file == pair[1].span.file && pair[0].span.end > pair[1].span.start)
}

/// Changes texts by edits, which stand in the order of places. `None` if some overlap; then nothing is changed.
pub fn apply(sources: &mut Sources, edits: &[Edit]) -> Option<()> {
    if overlap(edits) {
        return None;
    }
    for group in edits.chunk_by(|a, b| a.span.file == b.span.file) {
        let file = group[0].span.file;
        let text = edited(&sources.file(file).text, group)?;
        sources.replace(file, text);
    }
    Some(())
}

/// Adds the files that steps put beside others. `None` if they have no name of their own, or are not written.
pub fn files_beside(sources: &mut Sources, steps: &[Step]) -> Option<Vec<(FileId, Dialect)>> {
    let mut added = Vec::new();
    for step in steps {
        let Step::Beside { of, plan } = step else { continue };
        let dialect = if plan.family == Family::V6 { Dialect::Ip6tables } else { Dialect::Iptables };
        let path = twins(&sources.file(of.file).name).into_iter().next()?;
        let text = dialects::compose(dialect, std::slice::from_ref(&**plan))?;
        added.push((sources.add(path, text.into_bytes()), dialect));
    }
    Some(added)
}

/// The files that are there later, and were not before.
pub fn new_files(before: &Sources, after: &Sources) -> Vec<NewFile> {
    let new = |file: FileId| {
        let file = after.file(file);
        NewFile { path: file.name.clone(), text: file.text.clone() }
    };
    after.ids().skip(before.ids().count()).map(new).collect()
}

/// What makes of some texts what they are later, line by line, in the order of places.
pub fn between(before: &Sources, after: &Sources, files: &[FileId]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for file in files {
        let (old, new) = (&before.file(*file).text, &after.file(*file).text);
        if old == new {
            continue;
        }
        let (lines, others): (Vec<&str>, Vec<&str>) =
            (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
        let mut starts = vec![0];
        starts.extend(lines.iter().scan(0, |at, line| {
            *at += line.len();
            Some(*at)
        }));
        for change in similar::capture_diff_slices(similar::Algorithm::Myers, &lines, &others) {
            if matches!(change, similar::DiffOp::Equal { .. }) {
                continue;
            }
            let (was, is) = (change.old_range(), change.new_range());
            let span = Span::new(*file, starts[was.start], starts[was.end]);
            edits.push(Edit { span, text: others[is].concat() });
        }
    }
    edits.sort_by_key(|edit| (edit.span.file, edit.span.start));
    edits
}
