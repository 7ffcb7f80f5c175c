//! Breaking rulesets: a rule of each file is removed, moved to another place, or narrowed.

/// Numbers that are the same for the same host each time.
pub struct Dice(u64);

impl Dice {
    /// Dice of a host, by its name.
    pub fn of(id: &str) -> Dice {
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Dice(hash | 1)
    }

    /// A number below another.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// A way to write rules, line by line.
struct Form {
    /// Is a line a rule?
    is_rule: fn(&str) -> bool,
    /// What a rule is narrowed to: conditions that most rules do not have.
    narrower: [&'static str; 4],
    /// A rule with one of them.
    narrow: fn(&str, &str) -> String,
    /// Begins lines before those among which a rule may be moved, and ends the line behind them.
    around: (&'static str, &'static str),
    /// Is a line, or one before it, that of a rule for what leaves?
    is_output: fn(&[String], usize) -> bool,
}

const DUMP: Form = Form {
    is_rule: |line| line.starts_with("-A "),
    narrower: [
        "-m conntrack --ctstate NEW",
        "-m conntrack --ctstate ESTABLISHED",
        "-o eth1",
        "-m length --length 0:100",
    ],
    narrow: |rule, words| rule.replacen(" -j ", &format!(" {words} -j "), 1),
    around: ("*", "COMMIT"),
    is_output: |lines, at| lines[at].starts_with("-A OUTPUT "),
};

const NFT: Form = Form {
    is_rule: |line| line.starts_with("\t\t") && !line.starts_with("\t\ttype "),
    narrower: ["ct state new", "ct state established", "oifname \"eth1\"", "meta length 0-100"],
    narrow: |rule, words| format!("\t\t{words} {}", rule.trim_start()),
    around: ("\tchain ", "\t}"),
    is_output: |lines, at| {
        let header = lines[..at].iter().rposition(|line| line.starts_with("\tchain "));
        header.is_some_and(|at| lines[at + 1].contains(" hook output "))
    },
};

/// A ruleset with one of its rules removed, moved within its table or its block, or narrowed; and what was done.
pub fn broken(text: &str, dice: &mut Dice) -> (String, &'static str) {
    let form = if text.contains("\nCOMMIT") { DUMP } else { NFT };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let rules: Vec<usize> = (0..lines.len()).filter(|line| (form.is_rule)(&lines[*line])).collect();
    if rules.is_empty() {
        return (text.to_owned(), "left alone");
    }
    let chosen = rules[dice.below(rules.len())];
    let done = match dice.below(3) {
        0 => {
            lines.remove(chosen);
            "removed"
        }
        1 => {
            let moved = lines.remove(chosen);
            let (begins, ends) = form.around;
            let start = lines[..chosen].iter().rposition(|line| line.starts_with(begins)).unwrap_or(0);
            let end = chosen + lines[chosen..].iter().position(|line| line == ends).unwrap_or(0);
            let first =
                start + lines[start..end].iter().position(|line| (form.is_rule)(line)).unwrap_or(end - start);
            lines.insert(first + dice.below(end - first + 1), moved);
            "moved"
        }
        _ => {
            let is_output = (form.is_output)(&lines, chosen);
            let narrower = form.narrower.iter().filter(|words| is_output || !words.contains("eth1"));
            let narrower: Vec<_> = narrower.collect();
            let words = narrower[dice.below(narrower.len())];
            lines[chosen] = (form.narrow)(&lines[chosen], words);
            "narrowed"
        }
    };
    (lines.join("\n") + "\n", done)
}
