//! What is said in a flow above TCP and UDP, as filters see it that look into flows.

/// What a filter asks of what is said in a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Is it of this application protocol, in lower case: `tls`, `http`, `quic`?
    Protocol(Box<str>),
    /// Is it TLS over TCP whose first message names a server like this?
    ServerName(Name),
    /// Does something follow a handshake, by which the flow is judged?
    Anything,
}

/// Names of servers, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// Any.
    Any,
    /// This one alone.
    Is(Box<str>),
    /// This one and all below it.
    Within(Box<str>),
    /// All that begin so.
    Begins(Box<str>),
    /// All that end so.
    Ends(Box<str>),
    /// All that have this in them.
    Has(Box<str>),
}

/// What is said in a flow, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech<'n> {
    /// TLS over TCP, with a server of this name.
    Tls(&'n str),
    /// QUIC over UDP.
    Quic,
}

impl Name {
    /// Is a name among them?
    pub fn holds(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        match self {
            Name::Any => true,
            Name::Is(this) => *name == **this,
            Name::Within(this) => {
                name.strip_suffix(&**this).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Name::Begins(this) => name.starts_with(&**this),
            Name::Ends(this) => name.ends_with(&**this),
            Name::Has(this) => name.contains(&**this),
        }
    }
}

impl Said {
    /// The answer for a flow in which this is spoken; `None` where nobody knows.
    pub fn answer(&self, speech: Speech) -> Option<bool> {
        match (self, speech) {
            (Said::Protocol(protocol), Speech::Tls(_)) => Some(**protocol == *"tls"),
            (Said::ServerName(names), Speech::Tls(name)) => Some(names.holds(name)),
            (Said::Anything, _) => Some(true),
            // Whether a filter takes QUIC for that on a port which is not 443 is documented nowhere.
            (Said::Protocol(protocol), Speech::Quic) => (**protocol != *"quic").then_some(false),
            // Names are read of TLS over TCP alone.
            (Said::ServerName(_), Speech::Quic) => Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_no_part_of_a_word() {
        let within = Name::Within("cftunnel.com".into());
        assert!(within.holds("cftunnel.com") && within.holds("h2.cftunnel.com"));
        assert!(!within.holds("notcftunnel.com") && !within.holds("cftunnel.com.example"));
        assert!(Name::Ends("cftunnel.com".into()).holds("notcftunnel.com"));
        assert!(Name::Is("h2.cftunnel.com".into()).holds("H2.cftunnel.com"));
    }

    #[test]
    fn no_name_of_tls_is_read_of_quic() {
        let any = Said::ServerName(Name::Any);
        assert_eq!(any.answer(Speech::Quic), Some(false));
        assert_eq!(any.answer(Speech::Tls("h2.cftunnel.com")), Some(true));
        assert_eq!(Said::Protocol("quic".into()).answer(Speech::Quic), None);
        assert_eq!(Said::Protocol("http".into()).answer(Speech::Tls("h2.cftunnel.com")), Some(false));
    }
}
