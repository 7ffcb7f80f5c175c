//! Commands for a shell.

/// How wide a line becomes where it can be broken.
const WIDTH: usize = 76;

/// A command of these words, each of them quoted where a shell would take it for something else, in lines no wider than
/// need be.
pub fn command(words: impl IntoIterator<Item = String>) -> String {
    lines(words.into_iter().map(|word| quoted(&word)))
}

/// A command of words as they are to stand, in lines no wider than need be.
pub fn lines(words: impl IntoIterator<Item = String>) -> String {
    let (mut text, mut width) = (String::new(), 0);
    for word in words {
        let length = word.lines().next().unwrap_or_default().chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            text.push_str(" \\\n    ");
            width = 4;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(&word);
        width += length;
    }
    text
}

/// A word as a shell takes it for just that.
pub fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        let words = ["az", "--name", "it's $HOME", "", "a b"].map(str::to_owned);
        assert_eq!(command(words), "az --name 'it'\\''s $HOME' '' 'a b'");
    }

    #[test]
    fn long_commands_are_broken_between_words() {
        let words = (0..20).map(|number| format!("--flag-{number}"));
        let lines = command(words);
        assert!(lines.lines().all(|line| line.len() <= WIDTH + 2), "{lines}");
        assert_eq!(lines.replace(" \\\n    ", " ").split(' ').count(), 20);
    }
}
