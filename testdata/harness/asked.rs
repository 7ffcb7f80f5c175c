//! What was asked of a host is asked no more of another that has the same chains, and only of such.

use std::collections::HashMap;
use std::sync::Arc;

use fwlint::dialects::{self, Dialect, Includes};
use fwlint::eval::{Asked, Held, Host, Memory, Question, Routes, Socket, Way};
use fwlint::model::Ruleset;
use fwlint::packet::{Axis, Cube, Family, Masks, Ranges};
use fwlint::source::Sources;

const V4: &str = "*filter\n:INPUT DROP [0:0]\n:OUTPUT DROP [0:0]\n-A OUTPUT -p tcp --dport 443 -j ACCEPT\n\
                  -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n";
const V6: &str = "*filter\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
const NFT: &str = "table ip one {\n\tchain out {\n\t\ttype filter hook output priority 0\n\t\ttcp dport 443 accept\n\t}\n\
                   \tchain later {\n\t\ttype filter hook output priority 10\n\t\tudp dport 53 drop\n\t}\n}\n";

/// What two texts load, in their order.
fn read(texts: &[(Dialect, &str)]) -> Ruleset {
    let (mut sources, mut files, mut dialects) = (Sources::default(), Vec::new(), HashMap::new());
    for (number, (dialect, text)) in texts.iter().enumerate() {
        let file = sources.add(format!("rules.{number}"), text.as_bytes().to_vec());
        files.push(file);
        dialects.insert(file, *dialect);
    }
    dialects::read_host(&sources, &files, &dialects, &Includes::default()).expect("nothing is included")
}

/// Whether HTTPS gets out over a family.
fn https(family: Family) -> Question {
    let cube = Cube::any()
        .set(Axis::Family, Ranges::single(family.number()))
        .set(Axis::Protocol, Ranges::single(6))
        .set(Axis::DestinationPort, Ranges::single(443))
        .set(Axis::TcpFlags, Ranges::single(2));
    let (known, assumed) = (Vec::new(), Vec::new());
    Question {
        way: Way::Out,
        packets: cube.into(),
        mark: Masks::new(u32::MAX, 0).into(),
        known,
        assumed,
        service: None,
        of_service: Vec::new(),
        socket: Socket::Untold,
    }
}

/// Over which families is an answer of the one host one of the other, too?
fn kept(before: &[(Dialect, &str)], after: &[(Dialect, &str)]) -> Vec<Family> {
    let (before, after) = (read(before), read(after));
    let (old, new) = (Host::new(&before), Host::new(&after));
    let (routes, asked) = (Routes::default(), Asked::default());
    for family in Family::ALL {
        let held = Held::hold(&old, &routes, &https(family), &Memory::default()).expect("it is decided");
        asked.keep(Arc::new(held));
    }
    let known = asked.that_hold(&old, &new);
    let is_kept = |family: &Family| {
        let held = known.find(&https(*family))?;
        let anew = Held::hold(&new, &routes, &https(*family), &Memory::default()).expect("it is decided");
        assert!(anew.is_same(&held), "over {family:?} the other host has another answer");
        Some(held)
    };
    Family::ALL.into_iter().filter(|family| is_kept(family).is_some()).collect()
}

#[test]
fn rules_of_one_family_leave_the_answers_of_the_other_as_they_were() {
    use Dialect::{Ip6tables, Iptables};
    let both = [(Iptables, V4), (Ip6tables, V6)];
    assert_eq!(kept(&both, &both), Family::ALL);
    assert_eq!(kept(&[(Iptables, V4)], &both), [Family::V4], "a file for IPv6 comes");
    let closed = V6.replace("OUTPUT ACCEPT", "OUTPUT DROP");
    assert_eq!(
        kept(&both, &[(Iptables, V4), (Ip6tables, &closed)]),
        [Family::V4],
        "a policy for IPv6 changes"
    );
    let more = V4.replace("COMMIT", "-A OUTPUT -p udp --dport 53 -j ACCEPT\nCOMMIT");
    assert_eq!(kept(&both, &[(Iptables, &more), (Ip6tables, V6)]), [Family::V6], "a rule for IPv4 comes");
    let other = V4.replace("-j ACCEPT\n-A INPUT", "-j REJECT\n-A INPUT");
    assert_eq!(
        kept(&both, &[(Iptables, &other), (Ip6tables, V6)]),
        [Family::V6],
        "a rule for IPv4 does something else"
    );
}

#[test]
fn rules_that_stand_elsewhere_or_lead_elsewhere_are_others() {
    use Dialect::{Ip6tables, Iptables};
    let both = [(Iptables, V4), (Ip6tables, V6)];
    let moved = V4.replace("-A OUTPUT", "# HTTPS\n-A OUTPUT");
    assert_eq!(kept(&both, &[(Iptables, &moved), (Ip6tables, V6)]), [Family::V6], "a comment comes in front");
    let calling =
        V4.replace(":OUTPUT", ":aa - [0:0]\n:bb - [0:0]\n:OUTPUT").replace("ACCEPT\n-A IN", "aa\n-A IN");
    let called = calling.replace("-j aa", "-j bb");
    let (first, then) = ([(Iptables, calling.as_str())], [(Iptables, called.as_str())]);
    assert_eq!(kept(&first, &first), Family::ALL);
    assert_eq!(kept(&first, &then), [Family::V6], "another chain is called");
    let marking = V4.replace("-p tcp --dport 443 -j ACCEPT", "-p tcp --dport 443 -j MARK --set-mark 1");
    let marks = marking.replace("mark 1", "mark 2");
    let (first, then) = ([(Iptables, marking.as_str())], [(Iptables, marks.as_str())]);
    assert_eq!(kept(&first, &then), [Family::V6], "another mark is set");
    let queueing = V4.replace("443 -j ACCEPT", "443 -j NFQUEUE");
    let (first, then) = ([(Iptables, V4)], [(Iptables, queueing.as_str())]);
    assert_eq!(kept(&first, &then), [Family::V6], "a program decides");
}

#[test]
fn chains_with_other_numbers_or_in_another_order_are_others() {
    use Dialect::{Ip6tables, Iptables, Nft};
    let both = [(Iptables, V4), (Ip6tables, V6)];
    assert_eq!(kept(&both, &[(Ip6tables, V6), (Iptables, V4)]), [], "another order of files");
    let of_both = "table inet t {\n\tchain c {\n\t\ttype filter hook output priority 5\n\t}\n}\n";
    assert_eq!(kept(&[(Nft, NFT)], &[(Nft, &format!("{NFT}{of_both}"))]), [], "a table of both families");
    let turned = NFT.replace("priority 10", "priority -10");
    assert_eq!(kept(&[(Nft, NFT)], &[(Nft, &turned)]), [Family::V6], "the later chain is called first");
    let unknown = V6.replace("COMMIT", "-A OUTPUT -m helper --helper sip -j DROP\nCOMMIT");
    let (first, then) = ([(Ip6tables, V6), (Iptables, V4)], [(Ip6tables, unknown.as_str()), (Iptables, V4)]);
    assert_eq!(kept(&first, &then), [Family::V4], "an unknown of the other family comes");
}
