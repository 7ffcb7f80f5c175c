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

/// What a rule is narrowed to: conditions that most rules do not have.
const NARROWER: [&str; 4] = [
    "-m conntrack --ctstate NEW",
    "-m conntrack --ctstate ESTABLISHED",
    "-o eth1",
    "-m length --length 0:100",
];

/// A ruleset with one of its rules removed, moved within its table, or narrowed; and what was done.
pub fn broken(text: &str, dice: &mut Dice) -> (String, &'static str) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let rules: Vec<usize> = (0..lines.len()).filter(|line| lines[*line].starts_with("-A ")).collect();
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
            let start = lines[..chosen].iter().rposition(|line| line.starts_with('*')).unwrap_or(0);
            let end = chosen + lines[chosen..].iter().position(|line| line == "COMMIT").unwrap_or(0);
            let first = start
                + lines[start..end].iter().position(|line| line.starts_with("-A ")).unwrap_or(end - start);
            lines.insert(first + dice.below(end - first + 1), moved);
            "moved"
        }
        _ => {
            let is_output = lines[chosen].starts_with("-A OUTPUT ");
            let narrower = NARROWER.iter().filter(|words| is_output || !words.starts_with("-o"));
            let narrower: Vec<_> = narrower.collect();
            let words = narrower[dice.below(narrower.len())];
            lines[chosen] = lines[chosen].replacen(" -j ", &format!(" {words} -j "), 1);
            "narrowed"
        }
    };
    (lines.join("\n") + "\n", done)
}
