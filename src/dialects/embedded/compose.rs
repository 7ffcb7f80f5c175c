//! Whole rulesets of nft inside of what configures a machine.

use crate::dialects::nft::write::compose;
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
",
);

/// Tasks for Ansible. `None` if nft cannot say the plans.
pub fn ansible(plans: &[Plan]) -> Option<String> {
    let ruleset = format!("#!/usr/sbin/nft -f\n{}", compose::ruleset(plans)?);
    let (before, behind) = TASKS;
    let table = format!("nft list table inet {}", compose::name(plans));
    // The file may be right and the kernel not: after a flush by hand, or a load that failed.
    let loading = format!(
        "
- name: Compare what is in force with what they make of an empty network namespace
  ansible.builtin.shell: |
    wanted=$(unshare --net sh -c 'nft -f \"$RULES\" && {table}') && test \"$wanted\" = \"$({table})\"
  environment:
    RULES: \"{{{{ rules.dest }}}}\"
  register: kernel
  changed_when: false
  failed_when: false
  check_mode: false

- name: Load the rules now
  ansible.builtin.command:
    argv: [nft, -f, \"{{{{ rules.dest }}}}\"]
  when: rules is changed or kernel.rc != 0
"
    );
    Some(format!("---\n{}{before}{}{behind}{loading}", compose::comment(plans), indented(&ruleset, 6)))
}

/// A module of NixOS. `None` if nft cannot say the plans.
pub fn nix(plans: &[Plan]) -> Option<String> {
    let is_beside_others = compose::is_beside_others(plans);
    let ruleset = if is_beside_others { compose::ruleset(plans)? } else { compose::table(plans)? };
    Some(format!(
        "{}{{\n  # These are all rules: what NixOS would make of its own is not there.\n  networking.firewall.enable = false;\n  \
         networking.nftables = {{\n    enable = true;\n    flushRuleset = {};\n    ruleset = ''\n{}    '';\n  }};\n}}\n",
        compose::comment(plans),
        !is_beside_others,
        indented(&ruleset, 6)
    ))
}

/// Each line that is not empty, so far to the right.
fn indented(text: &str, by: usize) -> String {
    let line =
        |line: &str| if line.trim().is_empty() { line.to_owned() } else { format!("{:by$}{line}", "") };
    text.split_inclusive('\n').map(line).collect()
}
