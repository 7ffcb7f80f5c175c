//! Exports of clouds: a text may hold answers of several, one behind the other, and each is read with those of its own.

use super::cloud::{Fields, Part, Remarks, documents};
use super::{DIALECTS, Dialect, Export, Read};
use crate::source::FileId;
use crate::tree::{Kind, Node};

/// How the exports of a cloud are known and read.
#[derive(Clone, Copy)]
pub struct Cloud {
    /// Who runs it.
    pub(super) provider: &'static str,
    /// Is an object surely of this cloud, whatever stands around it?
    pub(super) owns: fn(Fields) -> bool,
    /// What a script of the cloud's commands makes, as it would be printed; `None` if a text is no such script.
    pub(super) script: fn(FileId, &str) -> Option<Node<'static>>,
    /// Reads what texts hold of one account. Of the texts as such is known already what is wrong.
    pub(super) read: fn(Vec<Part<'_>>, Remarks) -> Export,
}

/// What texts hold of one cloud, when it is read.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The cloud.
    pub dialect: Dialect,
    /// The texts in which it stands, or might.
    pub files: Vec<FileId>,
    /// What it is.
    pub export: Export,
}

/// What texts hold of one cloud.
struct Held<'t> {
    dialect: Dialect,
    cloud: Cloud,
    parts: Vec<Part<'t>>,
    remarks: Remarks,
}

/// Reads texts that were exported together, each with the cloud that it seems to be of: what they hold of each cloud, in the
/// order in which it comes up. What is of no cloud for sure is of the one that its text is of.
pub fn read_exports(texts: &[(Dialect, FileId, &str)]) -> Vec<Exported> {
    let mut all: Vec<Held> = Vec::new();
    for (dialect, file, text) in texts.iter().copied() {
        let Some((at, cloud)) = held(&mut all, dialect) else { continue };
        let script = (cloud.script)(file, text);
        let is_script = script.is_some();
        let read = script.map_or_else(|| documents(file, text, &mut all[at].remarks), |made| vec![made]);
        // A text that holds nothing, too, is one of its cloud.
        let mut by_cloud = vec![(dialect, Vec::new())];
        read.into_iter().for_each(|document| sort(document, dialect, &mut by_cloud));
        for (owner, documents) in by_cloud {
            if let Some((at, _)) = held(&mut all, owner) {
                all[at].parts.push(Part { file, text, is_script, documents });
            }
        }
    }
    let read = |held: Held| {
        let files = held.parts.iter().map(|part| part.file).collect();
        Exported { dialect: held.dialect, files, export: (held.cloud.read)(held.parts, held.remarks) }
    };
    all.into_iter().map(read).collect()
}

/// The place of a cloud among those of which something is held, and how it is read.
fn held(all: &mut Vec<Held>, dialect: Dialect) -> Option<(usize, Cloud)> {
    let Read::Units(cloud) = dialect.entry().read else { return None };
    let at = all.iter().position(|held| held.dialect == dialect).unwrap_or(all.len());
    if at == all.len() {
        all.push(Held { dialect, cloud, parts: Vec::new(), remarks: Remarks::default() });
    }
    Some((at, cloud))
}

/// Puts a document to those of its cloud. Of a list with objects of several each gets one with its own; a list of answers is
/// what programs make that join them.
fn sort<'t>(document: Node<'t>, own: Dialect, by_cloud: &mut Vec<(Dialect, Vec<Node<'t>>)>) {
    let span = document.span;
    let items = match document.kind {
        Kind::List(items) if items.iter().any(|item| matches!(item.kind, Kind::List(_))) => {
            // What counts may hang on the order.
            let mut loose: Vec<Node> = Vec::new();
            let mut end = |loose: Vec<Node<'t>>, list: Option<Node<'t>>| {
                let loose = (!loose.is_empty()).then(|| Node { span, kind: Kind::List(loose.into()) });
                loose.into_iter().chain(list).for_each(|list| sort(list, own, by_cloud));
            };
            for item in items {
                match item.kind {
                    Kind::List(_) => end(std::mem::take(&mut loose), Some(item)),
                    _ => loose.push(item),
                }
            }
            return end(loose, None);
        }
        Kind::List(items) => items,
        Kind::Map(_) => {
            let first = owner(&document, own).unwrap_or(own);
            // YAML without dashes in between goes on with the object before, which then is of several clouds. Each knows its
            // own fields.
            for other in owners(Fields(&document)).filter(|other| *other != first) {
                of(by_cloud, other).push(document.clone());
            }
            return of(by_cloud, first).push(document);
        }
        _ => return of(by_cloud, own).push(document),
    };
    let owned: Vec<Option<Dialect>> = items.iter().map(|item| owner(item, own)).collect();
    let mut known: Vec<Dialect> = Vec::new();
    for owner in owned.iter().flatten() {
        if !known.contains(owner) {
            known.push(*owner);
        }
    }
    if let [] | [_] = known[..] {
        let only = known.first().copied().unwrap_or(own);
        return of(by_cloud, only).push(Node { span, kind: Kind::List(items) });
    }
    let mut lists: Vec<Vec<Node>> = known.iter().map(|_| Vec::new()).collect();
    for (item, owner) in items.into_iter().zip(owned) {
        match known.iter().position(|it| Some(*it) == owner) {
            Some(at) => lists[at].push(item),
            // What does not tell may be of any.
            None => lists.iter_mut().for_each(|list| list.push(item.clone())),
        }
    }
    for (owner, items) in known.iter().zip(lists) {
        of(by_cloud, *owner).push(Node { span, kind: Kind::List(items.into()) });
    }
}

fn of<'m, 't>(by_cloud: &'m mut Vec<(Dialect, Vec<Node<'t>>)>, dialect: Dialect) -> &'m mut Vec<Node<'t>> {
    let at = by_cloud.iter().position(|(it, _)| *it == dialect).unwrap_or(by_cloud.len());
    if at == by_cloud.len() {
        by_cloud.push((dialect, Vec::new()));
    }
    &mut by_cloud[at].1
}

/// Who runs the cloud that an object is surely of.
pub(super) fn provider(object: Fields) -> Option<&'static str> {
    let cloud = owners(object).next()?.entry().read;
    if let Read::Units(cloud) = cloud { Some(cloud.provider) } else { None }
}

/// The clouds that an object is surely of: of more than one only where YAML was appended without dashes.
fn owners(object: Fields) -> impl Iterator<Item = Dialect> {
    DIALECTS.iter().filter_map(move |entry| match entry.read {
        Read::Units(cloud) => (cloud.owns)(object).then_some(entry.dialect),
        _ => None,
    })
}

/// The cloud that an object is of: its text's own, if that may be; `None` where nothing tells.
fn owner(node: &Node, own: Dialect) -> Option<Dialect> {
    let Kind::Map(_) = node.kind else { return None };
    let is_own = |object| matches!(own.entry().read, Read::Units(cloud) if (cloud.owns)(Fields(object)));
    // An answer of a REST interface is of what it lists.
    let wrapped = ["items", "value"].iter().find_map(|key| node.get(key)?.items().first());
    let objects = [Some(node), wrapped].into_iter().flatten();
    if objects.clone().any(is_own) {
        return Some(own);
    }
    objects.map(Fields).flat_map(owners).next()
}
