//! Azure: network security groups, and network interfaces with the group of the interface and that of its subnet, of
//! which both must allow a flow.
//!
//! The algorithm is that of
//! <https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview> (the rule of the lowest number
//! decides; the default rules come last; connections are tracked) and
//! <https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works> (subnet, then interface, and
//! the other way round on the way out).

use std::net::IpAddr;

use serde_json::{Value, json};

use fwlint::dialects::Dialect;

use super::dice::{Dice, is_in};
use super::{Packet, Provider, list};

pub struct Azure;

/// The groups around a unit, each with its rules.
pub type Unit = Vec<Vec<Value>>;

const PROTOCOLS: [(&str, u8); 6] = [("Tcp", 6), ("UDP", 17), ("Icmp", 1), ("Esp", 50), ("*", 0), ("tcp", 6)];

/// What is no address of the internet, among those that packets have.
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

impl Provider for Azure {
    const DIALECT: Dialect = Dialect::Azure;
    type Unit = Unit;

    /// A list of groups, or what is in force on an interface.
    fn export(dice: &mut Dice) -> Value {
        let is_v6 = dice.once_in(2);
        if dice.once_in(2) {
            let groups = (0..1 + dice.below(3)).map(|number| group(dice, number, is_v6));
            return groups.collect();
        }
        let mut groups = vec![effective(dice, "subnet", "virtualNetworks/v/subnets/s", is_v6)];
        if !dice.once_in(3) {
            groups.push(effective(dice, "networkInterface", "networkInterfaces/nic", is_v6));
        }
        json!({ "value": groups })
    }

    fn units(export: &Value) -> Vec<(String, Unit)> {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        match export.as_array() {
            Some(groups) => {
                groups.iter().map(|group| (text(&group["name"]), vec![rules_of(group)])).collect()
            }
            None => {
                let groups = list(&export["value"]);
                let has_own = groups.iter().any(|group| !group["association"]["networkInterface"].is_null());
                let name = if has_own { "nic" } else { "s" };
                let rules = |group: &Value| list(&group["effectiveSecurityRules"]).to_vec();
                vec![(name.to_owned(), groups.iter().map(rules).collect())]
            }
        }
    }

    fn packet(dice: &mut Dice) -> Packet {
        Packet::random(dice, [&[1, 50], &[6, 50]])
    }

    fn judge(_export: &Value, unit: &Unit, packet: &Packet) -> (bool, bool) {
        let passes = unit.iter().all(|rules| lets_through(rules, packet));
        (passes, passes)
    }
}

/// A group, as the az command prints it or as the REST interface does.
fn group(dice: &mut Dice, number: usize, is_v6: bool) -> Value {
    let is_nested = dice.once_in(2);
    let own = (0..dice.below(10)).map(|place| rule(dice, place, is_v6));
    let mut own: Vec<Value> = own.collect();
    let mut defaults = defaults(false);
    if is_nested {
        own = own.into_iter().map(nested).collect();
        defaults = defaults.into_iter().map(nested).collect();
    }
    let group = json!({ "securityRules": own, "defaultSecurityRules": defaults });
    let mut group = if is_nested { json!({ "properties": group }) } else { group };
    group["name"] = json!(format!("nsg-{number}"));
    group
}

fn nested(rule: Value) -> Value {
    json!({ "name": rule["name"], "properties": rule })
}

/// The rules of a group, its own and those that Azure adds, without what nests them.
fn rules_of(group: &Value) -> Vec<Value> {
    let inner = |object: &Value| match &object["properties"] {
        Value::Null => object.clone(),
        inner => inner.clone(),
    };
    let group = inner(group);
    let lists = ["securityRules", "defaultSecurityRules"];
    lists.iter().flat_map(|key| list(&group[*key])).map(inner).collect()
}

fn effective(dice: &mut Dice, key: &str, path: &str, is_v6: bool) -> Value {
    let path = format!("/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/{path}");
    let own = (0..dice.below(6)).map(|place| {
        let mut rule = rule(dice, place, is_v6);
        rule["name"] = json!(format!("securityRules/{place}"));
        rule
    });
    let mut rules: Vec<Value> = own.collect();
    for mut rule in defaults(true) {
        rule["name"] = json!(format!("defaultSecurityRules/{}", rule["name"].as_str().expect("a text")));
        for side in ["Source", "Destination"] {
            if rule[format!("{}AddressPrefix", side.to_lowercase())] == json!("VirtualNetwork") {
                rule[format!("expanded{side}AddressPrefix")] = json!(["10.1.0.0/16"]);
            }
        }
        rules.push(rule);
    }
    json!({ "association": { key: { "id": path } }, "effectiveSecurityRules": rules })
}

fn rule(dice: &mut Dice, place: usize, is_v6: bool) -> Value {
    let is_v6 = is_v6 && dice.once_in(3);
    let mut rule = json!({
        "name": format!("rule-{place}"),
        // They are listed in no order.
        "priority": 100 + place * 7 % 13,
        "direction": if dice.once_in(2) { "Inbound" } else { "outbound" },
        "access": if dice.once_in(2) { "Allow" } else { "Deny" },
        "protocol": dice.pick(&PROTOCOLS).0,
    });
    for side in ["source", "destination"] {
        match dice.below(4) {
            0 => rule[format!("{side}AddressPrefix")] = json!(dice.pick(&["*", "Internet", "*"])),
            1 => rule[format!("{side}AddressPrefix")] = json!(network(dice, is_v6)),
            _ => {
                let networks: Vec<String> = (0..1 + dice.below(3)).map(|_| network(dice, is_v6)).collect();
                rule[format!("{side}AddressPrefixes")] = json!(networks);
                rule[format!("{side}AddressPrefix")] = json!("");
            }
        }
        if side == "source" && !dice.once_in(5) {
            rule["sourcePortRange"] = json!("*");
            continue;
        }
        match dice.below(3) {
            0 => rule[format!("{side}PortRange")] = json!(dice.pick(&["*", "0-65535"])),
            1 => rule[format!("{side}PortRange")] = json!(ports(dice)),
            _ => rule[format!("{side}PortRanges")] = json!([ports(dice), ports(dice)]),
        }
    }
    rule
}

/// A network that is not all of a family: how `0.0.0.0/0` counts for IPv6 is not documented.
fn network(dice: &mut Dice, is_v6: bool) -> String {
    loop {
        let network = dice.network(is_v6);
        if network != "0.0.0.0/0" {
            return network;
        }
    }
}

fn ports(dice: &mut Dice) -> String {
    let (low, high) = dice.ports();
    if low == high { low.to_string() } else { format!("{low}-{high}") }
}

/// The rules that Azure adds to each group. Which addresses are the network's own, effective rules alone tell.
fn defaults(is_effective: bool) -> Vec<Value> {
    let rule = |name: &str, priority: u32, access: &str, source: &str, destination: &str| {
        json!({
            "name": name, "priority": priority, "access": access, "protocol": "*",
            "direction": if name.ends_with("InBound") { "Inbound" } else { "Outbound" },
            "sourceAddressPrefix": source, "destinationAddressPrefix": destination,
            "sourcePortRange": "*", "destinationPortRange": "*",
        })
    };
    let connected = |name: &str| rule(name, 65_000, "Allow", "VirtualNetwork", "VirtualNetwork");
    let mut rules = vec![
        rule("DenyAllInBound", 65_500, "Deny", "*", "*"),
        rule("AllowInternetOutBound", 65_001, "Allow", "*", "Internet"),
        rule("DenyAllOutBound", 65_500, "Deny", "*", "*"),
    ];
    if is_effective {
        rules.extend(["AllowVnetInBound", "AllowVnetOutBound"].map(connected));
    }
    rules
}

/// Does the rule of the lowest number that matches a packet allow it?
fn lets_through(rules: &[Value], packet: &Packet) -> bool {
    let matching = rules.iter().filter(|rule| {
        let is_inbound = rule["direction"].as_str().expect("a direction").eq_ignore_ascii_case("inbound");
        is_inbound == packet.is_in
            && has_protocol(rule, packet)
            && has_address(rule, "source", packet.source, !packet.is_in)
            && has_address(rule, "destination", packet.destination, packet.is_in)
            && has_port(rule, "source", packet, packet.source_port)
            && has_port(rule, "destination", packet, packet.destination_port)
    });
    let first = matching.min_by_key(|rule| rule["priority"].as_u64());
    first.is_some_and(|rule| rule["access"] == json!("Allow"))
}

fn has_protocol(rule: &Value, packet: &Packet) -> bool {
    let name = rule["protocol"].as_str().expect("a protocol");
    let number = PROTOCOLS.iter().find(|protocol| protocol.0 == name).expect("a known protocol").1;
    number == 0 || number == packet.protocol
}

/// `is_own` says that the address is the machine's own, which is in its network.
fn has_address(rule: &Value, side: &str, address: IpAddr, is_own: bool) -> bool {
    let capital = if side == "source" { "Source" } else { "Destination" };
    values(rule, &format!("{side}AddressPrefix"), &format!("{side}AddressPrefixes")).any(|text| match text {
        "*" => true,
        "Internet" => !PRIVATE.iter().any(|network| is_in(address, network)),
        "VirtualNetwork" if is_own => true,
        "VirtualNetwork" => {
            let addresses = list(&rule[format!("expanded{capital}AddressPrefix")]);
            addresses.iter().any(|network| is_in(address, network.as_str().expect("a text")))
        }
        network => is_in(address, network),
    })
}

/// Only TCP and UDP have ports; a rule for all of them is for packets without any, too.
fn has_port(rule: &Value, side: &str, packet: &Packet, port: u16) -> bool {
    values(rule, &format!("{side}PortRange"), &format!("{side}PortRanges")).any(|range| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.parse::<u16>().expect("a port");
        matches!(range, "*" | "0-65535")
            || matches!(packet.protocol, 6 | 17) && (number(low)..=number(high)).contains(&port)
    })
}

/// The values of a field in its two forms.
fn values<'v>(rule: &'v Value, one: &str, several: &str) -> impl Iterator<Item = &'v str> {
    let single = rule[one].as_str().filter(|text| !text.is_empty());
    single.into_iter().chain(list(&rule[several]).iter().filter_map(Value::as_str))
}
