//! Real configurations of nft that others wrote, where they are to be had: all are read, and most of what they
//! say is understood exactly.

use std::path::{Path, PathBuf};
use std::{env, fs};

use fwlint::dialects::{self, Dialect};
use fwlint::model::{Match, RemarkKind, Ruleset, Verdict};
use fwlint::source::Sources;

use crate::{render, spans};

/// In how many of 100 conditions and verdicts of nft's own tests an answer may be left open.
const MOST_OPEN: f64 = 5.0;

#[test]
fn real_configurations_of_nft_are_read() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let mut files = Vec::new();
    for folder in ["nftables", "foomuuri", "docker"] {
        walk(&corpus.join(folder), &mut files);
    }
    if files.is_empty() {
        return eprintln!("skipped: there is no {}", corpus.display());
    }
    let (mut read, mut said, mut told) = (0, Count::default(), Vec::new());
    for path in files {
        let Ok(bytes) = fs::read(&path) else { continue };
        let mut sources = Sources::default();
        let file = sources.add(&path, bytes);
        let text = &sources.file(file).text;
        let is_nft = path.extension().is_some_and(|ending| ending == "nft");
        match dialects::recognise(&path, text) {
            Some(Dialect::Nft) => {}
            other if is_nft && !text.trim().is_empty() => {
                panic!("{} is taken for {other:?}", path.display())
            }
            _ => continue,
        }
        let ruleset = dialects::read(Dialect::Nft, file, text);
        spans::assert_inside(&ruleset, sources.file(file));
        read += 1;
        if path.starts_with(corpus.join("nftables")) {
            said.add(&ruleset);
        }
        if env::var_os("FWLINT_SHOW_OPEN").is_some() {
            eprintln!("{}\n{}", path.display(), render::ruleset(&ruleset, &sources));
        }
        let wrong = ruleset.remarks.iter().filter(|remark| {
            matches!(remark.kind, RemarkKind::Syntax | RemarkKind::UnknownMatch | RemarkKind::NotFollowed)
        });
        told.extend(wrong.map(|remark| {
            format!("{}:{}: {}", path.display(), sources.start(remark.span).line, remark.message)
        }));
    }
    let (all, open) = (said.all, said.open);
    eprintln!("nft: {read} files read; of nft's own tests {all} conditions and verdicts, {open} left open");
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(said.open_in_100() < MOST_OPEN, "{:.1} in 100 are left open", said.open_in_100());
}

/// How much was read, and how much of it is open.
#[derive(Debug, Default)]
struct Count {
    all: usize,
    open: usize,
}

impl Count {
    fn add(&mut self, ruleset: &Ruleset) {
        for rule in ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules) {
            self.all += rule.matches.len() + 1;
            self.open += rule.matches.iter().filter(|it| matches!(it.value, Match::Atom(_))).count();
            self.open += usize::from(matches!(rule.verdict.value, Verdict::Unknown(_)));
        }
    }

    fn open_in_100(&self) -> f64 {
        100.0 * self.open as f64 / self.all.max(1) as f64
    }
}

/// All files below a folder, sorted.
pub fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}
