//! What a run should have judged and could not.

use super::fingerprint;

/// Something that a run was about and that is not in its report, since it could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The file or folder, as it was named; `None` for what is none, such as rules that the kernel does not show.
    pub path: Option<String>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it: a sentence.
    pub help: String,
}

impl Unread {
    /// What takes the place of a lint in formats that want one of everything.
    pub const CODE: &'static str = "unread";

    /// What stays the same of it from run to run: 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let parts = [Unread::CODE, self.path.as_deref().unwrap_or(""), &self.message];
        format!("{:016x}", fingerprint::hash(parts))
    }
}
