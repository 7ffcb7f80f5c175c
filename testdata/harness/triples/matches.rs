//! Random rulesets of whatever matches and targets iptables has and nft prints otherwise.

/// Matches of both families.
const BOTH: [&str; 62] = [
    "-p udp -m multiport --ports 53,443",
    "-p tcp -m multiport ! --ports 53,443",
    "-p tcp -m multiport --ports 1:1000",
    "-p udp -m multiport --dports 53,500:8080",
    "-p tcp -m multiport ! --dports 22,443",
    "-p tcp -m multiport --sports 40000:60000",
    "-p udp -m multiport ! --sports 1:40000",
    "-m owner --uid-owner 0",
    "-m owner ! --uid-owner 0",
    "-m owner --uid-owner 500-1000",
    "-m owner ! --uid-owner 500-1000",
    "-m owner --gid-owner 0",
    "-m owner ! --gid-owner 1000",
    "-m owner --uid-owner 0 --gid-owner 0",
    "-m owner --socket-exists",
    "-m owner ! --socket-exists",
    "-p tcp -m tcp ! --dport 443",
    "-p udp -m udp --dport 1:1000",
    "-p udp -m udp ! --dport 53:8080",
    "-p tcp -m tcp --sport 1024: --dport :1000",
    "-p tcp -m tcp --syn",
    "-p tcp -m tcp ! --syn",
    "-p tcp -m tcp --tcp-flags ALL NONE",
    "-p tcp -m tcp ! --tcp-flags ALL NONE",
    "-p tcp -m tcp --tcp-flags SYN,ACK SYN",
    "-p tcp -m tcp ! --tcp-flags SYN,RST NONE",
    "-p tcp -m tcp --tcp-flags FIN,SYN,ACK SYN,ACK",
    "-p tcp -m tcp ! --tcp-option 5",
    "-m conntrack --ctstate NEW",
    "-m conntrack --ctstate NEW,ESTABLISHED",
    "-m conntrack ! --ctstate NEW,RELATED",
    "-m conntrack --ctstate DNAT",
    "-m conntrack ! --ctstate DNAT",
    "-m conntrack --ctstate NEW,DNAT",
    "-m conntrack ! --ctstate INVALID,SNAT",
    "-m conntrack --ctstate DNAT,SNAT",
    "-m conntrack --ctproto udp",
    "-m conntrack ! --ctproto tcp",
    "-m conntrack --ctorigdstport 443",
    "-m conntrack --ctdir ORIGINAL",
    "-m conntrack --ctstate NEW --ctdir REPLY",
    "-m conntrack --ctstatus SEEN_REPLY",
    "-m conntrack ! --ctstatus ASSURED",
    "-m conntrack --ctstatus NONE",
    "-m state --state INVALID,UNTRACKED",
    "-m mark --mark 1",
    "-m mark ! --mark 0x1/0xff",
    "-m mark --mark 0/1",
    "-m connmark --mark 1",
    "-m connmark ! --mark 0/0x1",
    "-m addrtype --dst-type LOCAL",
    "-m addrtype ! --dst-type LOCAL",
    "-m addrtype --src-type LOCAL,UNICAST",
    "-m addrtype --src-type LOCAL --dst-type LOCAL",
    "-m addrtype ! --src-type LOCAL ! --dst-type UNICAST",
    "-m addrtype --dst-type THROW",
    "-m pkttype --pkt-type unicast",
    "-m length --length 40:100",
    "-m length ! --length 28:32",
    "-m limit --limit 5/min",
    "! -p udp",
    "-m statistic --mode random --probability 0.5",
];

/// Matches of IPv4.
const V4: [&str; 17] = [
    "-p icmp -m icmp --icmp-type 8",
    "-p icmp -m icmp --icmp-type any",
    "-p icmp -m icmp ! --icmp-type any",
    "-p icmp -m icmp ! --icmp-type 3/4",
    "-p icmp -m icmp ! --icmp-type 8",
    "-p tcp -m ecn --ecn-tcp-cwr",
    "-p tcp -m ecn ! --ecn-tcp-ece",
    "-m ecn --ecn-ip-ect 0",
    "-m ttl --ttl-eq 64",
    "-m ttl --ttl-lt 65",
    "-m ttl ! --ttl-eq 64",
    "-m iprange --dst-range 1.0.0.0-198.41.255.255",
    "-m iprange ! --src-range 192.0.2.0-192.0.2.255",
    "-s 192.0.0.0/255.0.255.0",
    "! -d 198.0.0.0/8",
    "-f",
    "! -f",
];

/// Matches of IPv6.
const V6: [&str; 10] = [
    "-p ipv6-icmp -m icmp6 --icmpv6-type 128",
    "-p ipv6-icmp -m icmp6 ! --icmpv6-type 128",
    "-p icmp",
    "-m hl --hl-eq 64",
    "-m hl ! --hl-eq 64",
    "-m hl --hl-gt 63",
    "-s 2001::/16",
    "! -d 2606::/16",
    "-m rt --rt-type 0",
    "-m iprange --dst-range 2606::-2606:ffff::",
];

/// What rules of mangle OUTPUT do.
const MARKS: [&str; 13] = [
    "MARK --set-xmark 0x1/0xffffffff",
    "MARK --set-xmark 0x1/0xff",
    "MARK --set-xmark 0x1/0x0",
    "MARK --or-mark 1",
    "MARK --xor-mark 1",
    "CONNMARK --set-mark 1",
    "CONNMARK --set-xmark 0x1/0xff",
    "CONNMARK --or-mark 1",
    "CONNMARK --save-mark",
    "CONNMARK --restore-mark",
    "CONNMARK --save-mark --nfmask 0xff --ctmask 0xff",
    "CONNMARK --restore-mark --mask 0x1",
    "TOS --set-tos 0x10",
];

/// What rules of raw OUTPUT do.
const TRACKING: [&str; 3] = ["CT --notrack", "NOTRACK", "CT --zone 5"];

/// What rules of nat OUTPUT do.
const TRANSLATIONS: [&str; 4] =
    ["DNAT --to-destination :443", "REDIRECT --to-ports 443", "REDIRECT", "DNAT --to-destination :1-1000"];

/// What rules of filter do.
const VERDICTS: [&str; 6] = ["ACCEPT", "ACCEPT", "ACCEPT", "DROP", "REJECT", "RETURN"];

/// Random numbers, the same for the same seed (splitmix64).
pub struct Random(pub u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % end as u64) as usize
    }

    fn of<'p>(&mut self, pool: &[&'p str]) -> &'p str {
        pool[self.below(pool.len())]
    }

    /// A ruleset of a family as `iptables-restore` takes it.
    pub fn ruleset(&mut self, is_v6: bool) -> String {
        ruleset(self, is_v6)
    }
}

fn ruleset(random: &mut Random, is_v6: bool) -> String {
    let mut text = String::new();
    let own = if is_v6 { &V6[..] } else { &V4[..] };
    let any = |random: &mut Random| match random.below(4) {
        0 => random.of(own),
        _ => random.of(&BOTH),
    };
    let table = |text: &mut String, name: &str, chains: &str, rules: Vec<String>| {
        *text += &format!("*{name}\n{chains}{}COMMIT\n", rules.concat());
    };
    if random.below(3) == 0 {
        let chains = ":PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
        let rule = format!("-A OUTPUT {} -j {}\n", any(random), random.of(&TRACKING));
        table(&mut text, "raw", chains, vec![rule]);
    }
    if random.below(2) == 0 {
        let count = 1 + random.below(3);
        let rules = (0..count).map(|_| match random.below(2) {
            0 => format!("-A OUTPUT -j {}\n", random.of(&MARKS)),
            _ => format!("-A OUTPUT {} -j {}\n", any(random), random.of(&MARKS)),
        });
        table(&mut text, "mangle", ":OUTPUT ACCEPT [0:0]\n", rules.collect());
    }
    if random.below(3) == 0 {
        let chains = ":PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
        let rule = format!("-A OUTPUT -p tcp -m tcp --dport 22 -j {}\n", random.of(&TRANSLATIONS));
        table(&mut text, "nat", chains, vec![rule]);
    }
    let mut rules = Vec::new();
    for _ in 0..1 + random.below(4) {
        let chain = if random.below(3) == 0 { "INPUT" } else { "OUTPUT" };
        rules.push(format!("-A {chain} {} -j {}\n", any(random), random.of(&VERDICTS)));
    }
    if random.below(2) == 0 {
        rules.push("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n".to_string());
        rules.push("-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n".to_string());
    }
    let policy = |random: &mut Random| if random.below(4) == 0 { "ACCEPT" } else { "DROP" };
    let chains =
        format!(":INPUT {} [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT {} [0:0]\n", policy(random), policy(random));
    table(&mut text, "filter", &chains, rules);
    text
}
