//! The format of `truth.md`: words, and fenced blocks of the kernel's answers.
//!
//! A block begins with ```` ```kernel ````, then the host's interfaces (the one with the default route first)
//! as `NAME=V4/LEN,V6/LEN`, then `uid=N`, the user as whom its programs ask.

/// What is known about a host.
pub struct Truth {
    /// The whole file.
    pub text: String,
    /// Its blocks in order.
    pub blocks: Vec<Block>,
}

/// The kernel's answers under certain circumstances.
pub struct Block {
    /// `NAME=V4/LEN,V6/LEN`.
    pub interfaces: Vec<String>,
    /// As whom the host's programs ask.
    pub user: u32,
    /// One line each.
    pub answers: String,
    /// Where the answers stand in the file, in bytes.
    place: std::ops::Range<usize>,
}

const BEGIN: &str = "```kernel ";
const END: &str = "```\n";

impl Truth {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(text: String) -> Result<Truth, String> {
        let mut blocks = Vec::new();
        let mut at = 0;
        while let Some(begin) = text[at..].find(BEGIN) {
            let head = at + begin + BEGIN.len();
            let start = head + text[head..].find('\n').ok_or("a block has no end")? + 1;
            let end = start + text[start..].find(END).ok_or("a block has no end")?;
            let mut words: Vec<String> = text[head..start].split_whitespace().map(str::to_string).collect();
            let user = words.pop().and_then(|word| word.strip_prefix("uid=")?.parse().ok());
            let user = user.ok_or("the last word of a block's head is not uid=N")?;
            let answers = text[start..end].to_string();
            blocks.push(Block { interfaces: words, user, answers, place: start..end });
            at = end;
        }
        if blocks.is_empty() {
            return Err(format!("there is no block that begins with {BEGIN}"));
        }
        Ok(Truth { text, blocks })
    }

    /// The file with other answers in its blocks.
    pub fn with_answers(&self, answers: &[String]) -> String {
        let mut text = self.text.clone();
        for (block, answers) in self.blocks.iter().zip(answers).rev() {
            text.replace_range(block.place.clone(), answers);
        }
        text
    }
}

impl Block {
    /// The address of the first interface, of the family `IPv4` or `IPv6`.
    pub fn address(&self, family: &str) -> &str {
        let (_, addresses) = self.interfaces[0].split_once('=').expect("an interface is NAME=V4/LEN,V6/LEN");
        let (v4, v6) = addresses.split_once(',').expect("an interface has an address of each family");
        let (address, _) = if family == "IPv4" { v4 } else { v6 }.split_once('/').expect("with its length");
        address
    }
}
