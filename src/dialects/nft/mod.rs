//! nftables: what `nft list ruleset` prints, what people write for `nft -f`, and both as JSON.
//!
//! Text and JSON are read into one syntax tree ([`ast`]), which is lowered into the model: so the
//! two say the same by construction.

pub mod ast;
mod json;
mod lower;
mod symbols;
mod text;
pub mod write;

pub use json::is_json;
pub use text::{include_paths, is_nft};

use super::Dialect;
use super::includes::Texts;
use crate::model::Ruleset;

/// Reads what `nft list ruleset` printed, or what is meant for `nft -f`, and both as JSON: texts that are loaded
/// one after the other, so that each may change what those before it have made.
pub fn read(texts: &[Texts<'_>]) -> Ruleset {
    lower::lower(texts.iter().map(|text| parse(text, Some(EARLY))))
}

/// Reads what stands in a file of another language, which may end the last line of it.
pub fn read_embedded(text: &Texts<'_>) -> Ruleset {
    lower::lower(std::iter::once(text::read_piece(text, Some(EARLY))))
}

/// What is done with rules as soon as they are read.
const EARLY: text::AtOnce = text::AtOnce { rule: lower::at_once, wants_trees: lower::is_delicate };

fn parse<'t>(text: &Texts<'t>, early: Option<text::AtOnce>) -> ast::File<'t> {
    match text.dialect {
        Dialect::NftJson => json::read(text.file, text.text),
        _ => text::read(text, early),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    /// Rules that are worked out as soon as they are read, and behind them some that are not, or that want trees of all.
    const LINES: [&str; 17] = [
        "ip daddr 10.0.0.0/8 tcp dport 22 accept",
        "udp dport 53 counter accept comment \"names\"",
        "ct state established,related accept",
        "limit rate 5/second accept",
        "iifname \"eth*\" ip saddr != 10.0.0.1-10.0.0.9 reject with tcp reset",
        "tcp dport 7 meta mark set 1 log prefix \"x\" tcp dport 8 drop",
        "tcp dport { 1, 2 } jump b",
        "tcp dport vmap { 3 : accept, 4 : drop }",
        "meta skuid != 0 meta mark set ct mark & 0xff | 0x100 accept",
        "ip saddr @known accept",
        "tcp dport 9 jump {\n\t\t\taccept\n\t\t}",
        "tcp dport nonsense accept",
        "udp dport 5 add @known { ip saddr } accept",
        "tcp dport 6 ip daddr $here accept",
        "meta mark & 0xff == 1 accept",
        "meta mark & 0xff == 2 accept",
        "tcp flags & (syn | ack) == syn accept",
    ];

    fn text(table: &str, chain: &str, kinds: usize) -> String {
        let mut state = 1_u32;
        let mut pick = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let is_rare = (state >> 24).is_multiple_of(32);
            LINES[(state >> 8) as usize % if is_rare { kinds } else { kinds.min(4) }]
        };
        let lines: String = (0..6_000).map(|_| format!("\t\t{}\n", pick())).collect();
        format!(
            "table {table} {{\n\tset known {{\n\t\ttype ipv4_addr\n\t\telements = {{ 10.1.1.1 }}\n\t}}\n\n\tchain b {{\n\t}}\n\n\
             \tchain {chain} {{\n\t\ttype filter hook input priority filter; policy drop;\n{lines}\t}}\n}}\n"
        )
    }

    #[test]
    fn what_is_worked_out_at_once_is_what_is_worked_out_at_the_end() {
        let commands = "insert rule inet x a tcp dport 1 drop\nadd rule inet x a index 3 tcp dport 2 drop\n\
                        delete rule inet x a handle 5\nadd rule inet x a tcp dport 3 drop\n";
        let plain = |kinds| text("inet x", "a", kinds);
        let texts = [
            plain(4),
            plain(9) + commands,
            text("ip filter", "INPUT", 9),
            format!("define here = 10.0.0.1\n{}", plain(14)),
            format!("define here = 10.0.0.1\n{}{commands}", plain(14)),
            plain(17),
            format!(
                "define here = 10.0.0.1\n{}",
                plain(17).replace("priority filter;", "priority filter;\n\t\tip saddr $here drop")
            )
            .replacen("\t\ttcp flags", "\t\tundefine here\n\t\ttcp flags", 1),
        ];
        for text in texts {
            let texts = Texts { dialect: Dialect::Nft, file: FileId(0), text: &text, included: &|_| None };
            let at_the_end = lower::lower(std::iter::once(parse(&texts, None)));
            let at_once = read(&[texts]);
            assert!(format!("{at_once:?}") == format!("{at_the_end:?}"), "{}", &text[..200]);
        }
    }
}
