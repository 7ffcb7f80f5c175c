//! A whole ruleset as a dump.

use super::matches::{self, Style};
use crate::model::{Bridge, Plan};

/// The chain that Docker calls before its own, and leaves to the administrator.
const OF_DOCKER: &str = "DOCKER-USER";

/// What becomes of Docker's rules.
const BESIDE_DOCKER: &str = "# They take the place of the rules that are there: start Docker again, which adds its own. It calls DOCKER-USER before
# them: a port that is published, or a container that is not the program's, needs a rule there, too.
";

/// A dump for `iptables-restore` or `ip6tables-restore`, chain by chain. `None` if iptables cannot say it.
pub fn dump(plan: &Plan) -> Option<String> {
    let mut text = String::new();
    for line in &plan.about {
        text += &format!("# {line}\n");
    }
    if plan.is_of_container() {
        text += BESIDE_DOCKER;
    }
    text += "*filter\n";
    for chain in ["INPUT", "FORWARD", "OUTPUT"] {
        let is_open = plan.open.iter().any(|open| **open == *chain);
        text += &format!(":{chain} {} [0:0]\n", if is_open { "ACCEPT" } else { "DROP" });
    }
    if plan.is_of_container() {
        text += &format!(":{OF_DOCKER} - [0:0]\n:{} - [0:0]\n", Plan::CONTAINER);
        text += &format!("-A FORWARD -j {OF_DOCKER}\n");
    }
    for part in &plan.parts {
        text += &format!("# {}\n", part.purpose);
        let owner = part.owner.as_ref().map(|owner| format!(" -m owner --uid-owner {owner}"));
        let owner = owner.unwrap_or_default();
        for rule in &part.rules {
            let chain = match &*rule.chain {
                "FORWARD" if plan.is_of_container() => OF_DOCKER,
                chain => chain,
            };
            text += &format!("-A {chain}{owner}{}\n", matches::say(rule, Style::dump())?);
        }
    }
    if plan.is_of_container() {
        text += &forwarded(&plan.bridges);
    }
    Some(text + "COMMIT\n")
}

/// Containers among themselves, of which Docker's own rules tell; what leaves the host from them; and nothing else.
fn forwarded(bridges: &[Bridge]) -> String {
    let name = |bridge: &Bridge| format!("{}{}", bridge.name, if bridge.is_start { "+" } else { "" });
    let among = match bridges.iter().any(|bridge| bridge.is_start) {
        true => "among themselves, as Docker has it: it keeps its networks apart",
        false => "of one network, as Docker has it",
    };
    let mut text = format!("# Containers {among}.\n");
    for bridge in bridges.iter().map(name) {
        text += &format!("-A {OF_DOCKER} -i {bridge} -o {bridge} -j RETURN\n");
    }
    text += "# From the side of the containers.\n";
    for bridge in bridges.iter().map(name) {
        text += &format!("-A {OF_DOCKER} -i {bridge} -j {}\n", Plan::CONTAINER);
    }
    text + &format!("# Nothing else, also where Docker would let it through.\n-A {OF_DOCKER} -j DROP\n")
}

/// A script that loads dumps of both families. `None` if iptables cannot say it.
pub fn script(plans: &[Plan]) -> Option<String> {
    let mut text = "#!/bin/sh\nset -eu\n".to_owned();
    for plan in plans {
        let tool = match plan.family {
            crate::packet::Family::V4 => "iptables-restore",
            crate::packet::Family::V6 => "ip6tables-restore",
        };
        text += &format!("\n{tool} <<'RULES'\n{}RULES\n", dump(plan)?);
    }
    Some(text)
}
