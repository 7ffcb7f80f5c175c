//! Modules of NixOS that say the whole ruleset in `networking.nftables.ruleset`, without the firewall that NixOS makes
//! otherwise.

use std::ops::Range;

use crate::dialects::nft;

/// Where the ruleset stands, between `''` and `''`; `None` if there is none, or if it is made of other values.
pub fn ruleset(text: &str) -> Option<Range<usize>> {
    let says = |words: &[&str]| words.iter().all(|word| text.contains(word));
    if !says(&["networking", "nftables", "ruleset"]) || !is_alone(text) {
        return None;
    }
    let mut places = text.match_indices("ruleset").filter_map(|(at, word)| {
        let rest = text[at + word.len()..].trim_start().strip_prefix('=')?.trim_start().strip_prefix("''")?;
        Some(text.len() - rest.len())
    });
    let start = places.next().filter(|_| places.next().is_none())?;
    let length = text[start..].find("''")?;
    let inside = &text[start..start + length];
    // What follows the quotes may say that they do not end the text.
    let goes_on = text[start + length + 2..].starts_with(['\'', '$', '\\']);
    let is_plain = !goes_on && !inside.contains("${");
    (is_plain && nft::is_nft(inside.trim_start())).then_some(start..start + length)
}

/// Is NixOS's own firewall, whose rules would be loaded besides, not there?
fn is_alone(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(3).any(|words| words[0].ends_with("firewall.enable") && words[1..] == ["=", "false;"])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = "{\n  networking.firewall.enable = false;\n  networking.nftables.ruleset = ''\n    table ip a { }\n  '';\n}\n";

    #[test]
    fn a_ruleset_stands_between_its_quotes() {
        let range = ruleset(MODULE).expect("a ruleset");
        assert_eq!(MODULE[range].trim(), "table ip a { }");
    }

    #[test]
    fn rulesets_of_other_values_or_beside_others_are_none() {
        assert_eq!(ruleset(&MODULE.replace("ip a", "ip ${name}")), None);
        assert_eq!(ruleset(&MODULE.replace("= false", "= true")), None);
        assert_eq!(ruleset(&MODULE.replace("''\n    table", "x ''\n    table")), None);
    }
}
