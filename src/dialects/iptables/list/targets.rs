//! What a list shows of a target stands behind all matches: it is found from the end.

use super::line::Token;
use crate::source::Span;

/// The end of a line that belongs to the target.
pub struct Suffix {
    /// The first of the tokens that belong to it.
    pub start: usize,
    /// The target's options.
    pub options: Vec<(String, Span)>,
    /// Does the target change the mark in a way that is not understood?
    pub forgets_mark: bool,
}

impl Suffix {
    /// Nothing belongs to the target.
    pub fn none(tokens: &[Token<'_>]) -> Suffix {
        Suffix { start: tokens.len(), options: Vec::new(), forgets_mark: false }
    }
}

/// Finds the part of the tokens that belongs to a target.
pub fn split(target: &str, tokens: &[Token<'_>]) -> Suffix {
    let none = Suffix::none(tokens);
    // The last place where a word stands that begins what the target says.
    let find = |begins: &dyn Fn(&str) -> bool| {
        tokens.iter().rposition(|token| !token.is_comment && begins(token.text))
    };
    let suffix = match target {
        "REJECT" => find(&|text| text == "reject-with").and_then(|at| {
            let kind = tokens.get(at + 1)?;
            Some((at, vec![("--reject-with", tokens[at].span), (kind.text, kind.span)]))
        }),
        "DNAT" => to(find(&|text| text.starts_with("to:")), tokens, "--to-destination"),
        "SNAT" => to(find(&|text| text.starts_with("to:")), tokens, "--to-source"),
        "NETMAP" => to(find(&|text| text.starts_with("to:")), tokens, "--to"),
        "REDIRECT" => ports(find(&|text| text == "redir"), tokens),
        "MASQUERADE" => ports(find(&|text| text == "masq"), tokens),
        "NFQUEUE" => find(&|text| text == "NFQUEUE").map(|at| (at, queue(&tokens[at..]))),
        "CT" | "NOTRACK" => find(&|text| text == "CT" || text == "NOTRACK").map(|at| {
            let is_notrack =
                target == "CT" && tokens[at..].iter().any(|it| matches!(it.text, "notrack" | "NOTRACK"));
            (at, if is_notrack { vec![("--notrack", tokens[at].span)] } else { Vec::new() })
        }),
        "LOG" => find(&|text| text == "LOG").map(|at| (at, Vec::new())),
        "NFLOG" => tokens.iter().position(|it| it.text.starts_with("nflog-")).map(|at| (at, Vec::new())),
        "TPROXY" => find(&|text| text == "TPROXY").map(|at| (at, tproxy(&tokens[at..]))),
        "TCPMSS" | "CLASSIFY" | "TOS" | "DSCP" | "TTL" | "HL" | "AUDIT" | "CHECKSUM" | "TEE" | "SYNPROXY" => {
            find(&|text| text == target).map(|at| (at, Vec::new()))
        }
        "MARK" | "CONNMARK" => {
            let at = find(&|text| text == target);
            let options = at.and_then(|at| mark(&tokens[at + 1..]));
            return Suffix {
                start: at.unwrap_or(tokens.len()),
                forgets_mark: options.is_none(),
                options: options.unwrap_or_default(),
            };
        }
        _ => None,
    };
    let Some((start, options)) = suffix else { return none };
    let options = options.into_iter().map(|(text, span)| (text.to_owned(), span)).collect();
    Suffix { start, options, forgets_mark: false }
}

type Found<'t> = Option<(usize, Vec<(&'t str, Span)>)>;

/// `to:ADDRESS`.
fn to<'t>(at: Option<usize>, tokens: &[Token<'t>], option: &'static str) -> Found<'t> {
    let token = tokens[at?];
    Some((at?, vec![(option, token.span), (token.text.strip_prefix("to:")?, token.span)]))
}

/// `redir ports 8080`, `masq ports: 1-2`.
fn ports<'t>(at: Option<usize>, tokens: &[Token<'t>]) -> Found<'t> {
    let ports = tokens.get(at? + 2)?;
    Some((at?, vec![("--to-ports", ports.span), (ports.text, ports.span)]))
}

/// `NFQUEUE num 3`, `NFQUEUE balance 0:3`, `bypass`.
fn queue<'t>(tokens: &[Token<'t>]) -> Vec<(&'t str, Span)> {
    let mut options = Vec::new();
    for pair in tokens.windows(2) {
        let option = match pair[0].text {
            "num" => "--queue-num",
            "balance" => "--queue-balance",
            _ => continue,
        };
        options.extend([(option, pair[0].span), (pair[1].text, pair[1].span)]);
    }
    options.extend(tokens.iter().filter(|it| it.text == "bypass").map(|it| ("--queue-bypass", it.span)));
    options
}

/// `TPROXY redirect 127.0.0.1:8080 mark 0x1/0x1`.
fn tproxy<'t>(tokens: &[Token<'t>]) -> Vec<(&'t str, Span)> {
    let mut options = Vec::new();
    for pair in tokens.windows(2) {
        let span = pair[1].span;
        match (pair[0].text, pair[1].text.rsplit_once(':')) {
            ("redirect", Some((address, port))) => {
                options.extend([("--on-port", span), (port, span)]);
                if !matches!(address, "0.0.0.0" | "::") {
                    options.extend([("--on-ip", span), (address, span)]);
                }
            }
            ("mark", _) => options.extend([("--tproxy-mark", span), (pair[1].text, span)]),
            _ => {}
        }
    }
    options
}

/// `set 0x1`, `xset 0x1/0xff`, `and 0x1`, `save`, `restore` and so on; `None` for what is not known.
fn mark(tokens: &[Token<'_>]) -> Option<Vec<(String, Span)>> {
    let (verb, rest) = tokens.split_first()?;
    let option = match (verb.text, rest.len()) {
        ("set", 1) => "--set-mark",
        ("xset", 1) => "--set-xmark",
        ("and", 1) => "--and-mark",
        ("or", 1) => "--or-mark",
        ("xor", 1) => "--xor-mark",
        ("save", 0) => "--save-mark",
        ("restore", 0) => "--restore-mark",
        _ => return None,
    };
    let values = rest.iter().map(|token| (token.text.to_owned(), token.span));
    Some(std::iter::once((option.to_owned(), verb.span)).chain(values).collect())
}
