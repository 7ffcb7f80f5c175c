//! Tasks of Ansible that put a ruleset of nft in place with `ansible.builtin.copy`
//! (<https://docs.ansible.com/ansible/latest/collections/ansible/builtin/copy_module.html>).

use std::ops::Range;

use crate::dialects::nft;

/// What Jinja puts values in with: of such a text only Ansible can tell what it is.
const JINJA: [&str; 2] = ["{{", "{%"];

/// Where the only ruleset stands that a text copies, in a block of lines; `None` if there is none, or more.
pub fn ruleset(text: &str) -> Option<Range<usize>> {
    if !text.contains("copy:") {
        return None;
    }
    let is_ruleset = |block: &Range<usize>| nft::is_nft(text[block.clone()].trim_start());
    let mut rulesets = blocks(text).into_iter().filter(is_ruleset);
    let only = rulesets.next().filter(|_| rulesets.next().is_none())?;
    let is_plain = !JINJA.iter().any(|sign| text[only.clone()].contains(sign));
    is_plain.then_some(only)
}

/// The blocks of lines behind `content: |`.
fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut blocks: Vec<Range<usize>> = Vec::new();
    // How far the key stands to the right whose block is open.
    let mut open: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        let is_blank = line.trim().is_empty();
        let (start, key) = (at, line[indent..].trim_end());
        at += line.len();
        if let (Some(least), Some(block)) = (open, blocks.last_mut()) {
            if is_blank || line.len() - line.trim_start_matches(' ').len() > least {
                block.end = at;
                continue;
            }
            open = None;
        }
        let header =
            key.strip_prefix("content:").map(str::trim_start).and_then(|rest| rest.strip_prefix('|'));
        if header.is_some_and(|rest| rest.chars().all(|sign| matches!(sign, '+' | '-' | '0'..='9')))
            && start < at
        {
            blocks.push(at..at);
            open = Some(indent);
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str =
        "- copy:\n    dest: /etc/nftables.conf\n    content: |\n      table inet a {\n\n      }\n  when: x\n";

    #[test]
    fn a_block_ends_where_the_next_key_begins() {
        let range = ruleset(TASK).expect("a ruleset");
        assert_eq!(&TASK[range], "      table inet a {\n\n      }\n");
    }

    #[test]
    fn templates_and_other_texts_are_none() {
        assert_eq!(ruleset(&TASK.replace("inet a", "inet {{ name }}")), None);
        assert_eq!(ruleset(&TASK.replace("table inet a", "[section]")), None);
        assert_eq!(ruleset(&format!("{TASK}{TASK}")), None);
    }
}
