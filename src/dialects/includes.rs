//! Texts that are put in the place of a statement of another.

use std::collections::HashMap;

use super::{Dialect, nft};
use crate::source::{FileId, Sources, Span};

/// A text, and how what it includes is found. Who has the files has looked for it before.
#[derive(Clone, Copy)]
pub struct Texts<'s> {
    /// The language of the text.
    pub dialect: Dialect,
    /// The file that is read.
    pub file: FileId,
    /// Its text.
    pub text: &'s str,
    /// What was found for the path that stands at a place; `None` where nobody looked.
    pub included: &'s dyn Fn(Span) -> Option<Included<'s>>,
}

/// What was found for a path.
#[derive(Clone, Debug)]
pub enum Included<'s> {
    /// These files, in this order.
    Texts(Vec<(FileId, &'s str)>),
    /// There is no such file.
    Missing,
    /// It is not among what is linted, so that nobody looked at it.
    Outside,
    /// It is included by itself, through others or not.
    Loop,
}

/// Where a path leads that a text includes.
#[derive(Clone, Debug)]
pub enum Place {
    /// To these files, in this order.
    Files(Vec<FileId>),
    /// To no file.
    Missing,
    /// To what is not among what is linted.
    Outside,
    /// Back to where it stands.
    Loop,
}

impl Place {
    /// The files, if there are any.
    pub fn files(&self) -> &[FileId] {
        match self {
            Place::Files(files) => files,
            _ => &[],
        }
    }

    /// The texts of the files.
    pub fn texts<'s>(&self, sources: &'s Sources) -> Included<'s> {
        match self {
            Place::Files(files) => {
                let text = |file: &FileId| (*file, sources.file(*file).text.as_str());
                Included::Texts(files.iter().map(text).collect())
            }
            Place::Missing => Included::Missing,
            Place::Outside => Included::Outside,
            Place::Loop => Included::Loop,
        }
    }
}

/// Where all paths lead that the files of a host include: for each file in the order of its text, which no change of
/// rules alters.
#[derive(Clone, Debug, Default)]
pub struct Includes(HashMap<FileId, Vec<Place>>);

impl Includes {
    /// From what was found for the path at each place.
    pub fn of<'f>(found: impl IntoIterator<Item = (&'f Span, &'f Place)>) -> Self {
        let mut all: Vec<(&Span, &Place)> = found.into_iter().collect();
        all.sort_unstable_by_key(|(span, _)| (span.file, span.start));
        all.dedup_by_key(|(span, _)| *span);
        let mut includes = Includes::default();
        for (span, place) in all {
            includes.0.entry(span.file).or_default().push(place.clone());
        }
        includes
    }

    /// Does another file include this one?
    pub fn is_included(&self, file: FileId) -> bool {
        self.0.values().flatten().any(|place| place.files().contains(&file))
    }

    /// Where the path stands for which a file is put in, alone; `None` if there are several, or none.
    pub fn path_of(&self, sources: &Sources, file: FileId) -> Option<Span> {
        let all =
            self.0.iter().flat_map(|(outer, places)| places.iter().enumerate().map(move |it| (*outer, it)));
        let mut its = all.filter(|(_, (_, place))| place.files().contains(&file));
        let (outer, (number, place)) = its.next()?;
        let path = nft::include_paths(outer, &sources.file(outer).text).get(number)?.span;
        (its.next().is_none() && place.files() == [file]).then_some(path)
    }

    /// What is found for the path at each place of some texts as they are now. `None` if they include something else
    /// than they did.
    pub(super) fn at<'s>(
        &self,
        sources: &'s Sources,
        files: impl IntoIterator<Item = FileId>,
    ) -> Option<HashMap<Span, Included<'s>>> {
        let mut found = HashMap::new();
        for file in files {
            let paths = nft::include_paths(file, &sources.file(file).text);
            let places = self.0.get(&file).map_or(&[][..], Vec::as_slice);
            if paths.len() != places.len() {
                return None;
            }
            found.extend(paths.iter().zip(places).map(|(path, place)| (path.span, place.texts(sources))));
        }
        Some(found)
    }
}
