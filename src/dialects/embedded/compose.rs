//! Whole rulesets of nft inside of what configures a machine.

use crate::dialects::nft;
use crate::model::Plan;

/// The tasks around a ruleset.
const TASKS: (&str, &str) = (
    "\n- name: Install nftables
  ansible.builtin.package:
    name: nftables
    state: present

- name: Put the rules where the service finds them
  ansible.builtin.copy:
    dest: \"{{ '/etc/sysconfig/nftables.conf' if ansible_facts.os_family == 'RedHat' else '/etc/nftables.conf' }}\"
    owner: root
    group: root
    mode: \"0755\"
    validate: nft -c -f %s
    content: |
",
    "  register: rules

- name: Load the rules at every start
  ansible.builtin.service:
    name: nftables
    enabled: true

- name: Load the rules now
  ansible.builtin.service:
    name: nftables
    state: reloaded
  when: rules is changed
",
);

/// Tasks for Ansible. `None` if nft cannot say the plans.
pub fn ansible(plans: &[Plan]) -> Option<String> {
    let ruleset = format!("#!/usr/sbin/nft -f\nflush ruleset\n\n{}", nft::write::compose::table(plans)?);
    let (before, behind) = TASKS;
    Some(format!("---\n{}{before}{}{behind}", Plan::comment(plans), indented(&ruleset, 6)))
}

/// A module of NixOS. `None` if nft cannot say the plans.
pub fn nix(plans: &[Plan]) -> Option<String> {
    let ruleset = indented(&nft::write::compose::table(plans)?, 6);
    Some(format!(
        "{}{{\n  # These are all rules: what NixOS would make of its own is not there.\n  networking.firewall.enable = false;\n  \
         networking.nftables = {{\n    enable = true;\n    flushRuleset = true;\n    ruleset = ''\n{ruleset}    '';\n  }};\n}}\n",
        Plan::comment(plans)
    ))
}

/// Each line that is not empty, so far to the right.
fn indented(text: &str, by: usize) -> String {
    let line =
        |line: &str| if line.trim().is_empty() { line.to_owned() } else { format!("{:by$}{line}", "") };
    text.split_inclusive('\n').map(line).collect()
}
