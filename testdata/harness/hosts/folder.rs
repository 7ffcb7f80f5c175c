//! One folder of a host.

use super::truth::Truth;
use fwlint::cli;
use fwlint::commands::World;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The files of a host and the kinds under which the oracle loads them, in the order of loading.
const FILES: [(&str, &str); 5] = [
    ("ipset", "ipset"),
    ("rules.v4", "v4"),
    ("rules.v6", "v6"),
    ("rules.nft", "nft"),
    ("setup.sh", "script"),
];

/// A host.
pub struct Folder {
    /// Its name below `testdata/hosts`.
    pub name: String,
    path: PathBuf,
    /// Kind and text, in the order of loading.
    pub rulesets: Vec<(String, String)>,
    /// Do its files speak of IPv6?
    pub ipv6: bool,
    /// What is known about it.
    pub truth: Truth,
}

impl Folder {
    /// All hosts, by name.
    pub fn all() -> Vec<Folder> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/hosts");
        let mut names: Vec<String> = Vec::new();
        for group in ["", "real-mistakes/"] {
            let entries = fs::read_dir(root.join(group)).expect("the folder of hosts can be read");
            let folders = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            names.extend(folders.map(|name| format!("{group}{name}")));
        }
        names.retain(|name| FILES.iter().any(|(file, _)| root.join(name).join(file).exists()));
        names.sort();
        names.into_iter().map(|name| Folder::load(&root, name)).collect()
    }

    fn load(root: &Path, name: String) -> Folder {
        let path = root.join(&name);
        let text = |file: &str| fs::read_to_string(path.join(file)).ok();
        let rulesets = FILES.iter().filter_map(|&(file, kind)| Some((kind.to_string(), text(file)?)));
        let rulesets: Vec<(String, String)> = rulesets.collect();
        let ipv6 = rulesets.iter().any(|(kind, text)| {
            matches!(&**kind, "v6" | "nft") || kind == "script" && text.contains("ip6tables")
        });
        assert!(text("README").is_some(), "{name} has no README that tells how it was made");
        let truth = text("truth.md").unwrap_or_else(|| panic!("{name} has no truth.md"));
        let truth = Truth::read(truth).unwrap_or_else(|wrong| panic!("{name}/truth.md: {wrong}"));
        Folder { name, path, rulesets, ipv6, truth }
    }

    /// What `fwlint check` prints about it in a format, and its exit status unless that is for programs.
    pub fn check(&self, format: &str) -> String {
        let files = FILES.iter().map(|(file, _)| *file).filter(|file| self.path.join(file).exists());
        let arguments: Vec<&str> = ["fwlint", "check", "--format", format].into_iter().chain(files).collect();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let world = World {
            directory: self.path.clone(),
            stdin: &mut io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            look: fwlint::report::Look::default(),
            is_attended: false,
        };
        let status = cli::run(arguments.into_iter().map(OsString::from), world);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is printed is text");
        let (stdout, stderr) = (text(stdout), text(stderr));
        assert!(stderr.is_empty(), "{}: {stderr}", self.name);
        if format == "json" { stdout } else { format!("{stdout}exit status: {status}\n") }
    }

    /// The text of one of its files, if there is such a file.
    pub fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.file(file)).ok()
    }

    /// The place of one of its files.
    pub fn file(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }
}
