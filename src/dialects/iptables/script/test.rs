//! What `[ … ]` and `[[ … ]]` say, where that is known.

use super::value::{Field, Piece};

/// The answer of a test; `None` if only a run would tell.
pub fn evaluate(words: &[Field]) -> Option<bool> {
    if let Some((first, rest)) = words.split_first()
        && rest.len() != 1
        && first.value.known()? == "!"
    {
        return evaluate(rest).map(|answer| !answer);
    }
    match words {
        [] => Some(false),
        [word] => is_nonempty(word),
        [operator, word] => match operator.value.known()?.as_str() {
            "-n" => is_nonempty(word),
            "-z" => is_nonempty(word).map(|answer| !answer),
            "!" => is_nonempty(word).map(|answer| !answer),
            // A script about iptables is run where its tools are.
            "-x" | "-f" | "-e" if is_tool(&word.value.known()?) => Some(true),
            _ => None,
        },
        [left, operator, right] => {
            let (left, right) = (left.value.known()?, right.value.known()?);
            let operator = operator.value.known()?;
            let numbers = || Some((left.parse::<i64>().ok()?, right.parse::<i64>().ok()?));
            match operator.as_str() {
                "=" | "==" if !right.contains(['*', '?', '[']) => Some(left == right),
                "!=" if !right.contains(['*', '?', '[']) => Some(left != right),
                "-eq" => numbers().map(|(a, b)| a == b),
                "-ne" => numbers().map(|(a, b)| a != b),
                "-lt" => numbers().map(|(a, b)| a < b),
                "-le" => numbers().map(|(a, b)| a <= b),
                "-gt" => numbers().map(|(a, b)| a > b),
                "-ge" => numbers().map(|(a, b)| a >= b),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Is it a command that a firewall script needs anyway?
pub fn is_tool(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    ["iptables", "ip6tables", "ipset", "xtables", "modprobe", "sysctl"]
        .iter()
        .any(|tool| name.starts_with(tool))
}

/// Does a text of a known pattern fit, as in `case`? `None` if the pattern holds brackets.
pub fn fits(pattern: &str, text: &str) -> Option<bool> {
    if pattern.contains('[') {
        return None;
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(char) if *char == '?' || *char == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, t));
                }
                None => return Some(false),
            },
        }
    }
    Some(pattern[p..].iter().all(|char| *char == '*'))
}

fn is_nonempty(word: &Field) -> Option<bool> {
    match word.value.known() {
        Some(text) => Some(!text.is_empty()),
        // A known piece of text makes it non-empty whatever the rest.
        None if word.value.0.iter().any(|it| matches!(it, Piece::Text(text) if !text.is_empty())) => {
            Some(true)
        }
        None => None,
    }
}
