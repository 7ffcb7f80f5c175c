#!/usr/bin/python
# Copyright: The fwlint project
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: fwlint_check
short_description: Lints firewall rules
version_added: 1.0.0
description:
  - Says what is wrong with firewall rules, in files or as texts. Whether Cloudflare Tunnel gets out, whether anything
    gets in, and which rules do not do what they were written for.
  - Nothing is ever changed, and the result is never V(changed).
options:
  paths:
    description:
      - Files, or folders in which firewalls are looked for, on the machine that runs the task.
      - Files that are loaded on one host are judged together, as C(fwlint check) does.
    type: list
    elements: path
  files:
    description:
      - Texts by the names of their files, such as what a template makes. All of them belong to one host, and
        C(fwlint.yaml) may be among them.
    type: dict
  arguments:
    description: Further arguments for C(fwlint check), such as C(--interface).
    type: list
    elements: str
    default: []
attributes:
  diff_mode:
    description: With it, the fixes that fwlint proposes are returned as a diff, each of them proven.
    support: full
extends_documentation_fragment: fwlint.fwlint.judging
author:
  - The fwlint project (@fwlint)
"""

EXAMPLES = r"""
- name: Lint what is on the host
  fwlint.fwlint.fwlint_check:
    paths: [/etc/iptables/rules.v4]

- name: Lint what a template makes, before it goes anywhere
  fwlint.fwlint.fwlint_check:
    files:
      rules.v4: "{{ lookup('ansible.builtin.template', 'rules.v4.j2') }}"
  delegate_to: localhost

- name: Look at findings without failing
  fwlint.fwlint.fwlint_check:
    paths: [/etc/nftables.conf]
    fail_on_findings: false
  register: linted
"""

RETURN = r"""
findings:
  description: What was found, in the form of C(fwlint check --format json).
  returned: whenever fwlint could do its work
  type: list
  elements: dict
  sample:
    - lint: tunnel-region-blocked
      level: warning
      message: "region2 (region2.v2.argotunnel.com) is blocked for QUIC and HTTP/2: 2 of 4 connections come up"
      path: /etc/iptables/rules.v4
      start: {line: 5, column: 9, offset: 130}
units:
  description: What was judged, and the verdict on each in a few words.
  returned: whenever fwlint could do its work
  type: list
  elements: dict
  sample:
    - name: rules.v4 + rules.v6
      verdicts: {cloudflared: gets out over QUIC and HTTP/2, in: nothing new}
counts:
  description: How many findings there are of each level.
  returned: whenever fwlint could do its work
  type: dict
  sample: {note: 3, warning: 1, error: 0}
status:
  description: The exit status of fwlint.
  returned: whenever fwlint was run
  type: int
  sample: 1
fwlint_version:
  description: The version of fwlint.
  returned: whenever fwlint could do its work
  type: str
  sample: 0.1.0
"""

import os
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.fwlint.fwlint.plugins.module_utils import fwlint


def lay_out(module: AnsibleModule, folder: str) -> list[str]:
    """Write the texts of the task into a folder, and name them."""
    names = []
    for name, text in module.params["files"].items():
        if os.path.basename(name) != name or name in ("", ".", ".."):
            module.fail_json(msg=f"`{name}` is no name of a file: it must be without a folder")
        Path(folder, name).write_text(str(text), encoding="utf-8")
        if name != "fwlint.yaml":
            names.append(name)
    if not names:
        module.fail_json(msg="there is no firewall among the files")
    return names


def check(module: AnsibleModule, paths: list[str], together: list[str], cwd: str | None) -> None:
    """Check paths and end the module."""
    arguments = ["check", *together, *module.params["arguments"], *fwlint.judging(module)]
    status, stdout, stderr = fwlint.run(module, [*arguments, "--", *paths], cwd=cwd)
    result = fwlint.report(module, status, stdout, stderr)
    if module._diff:
        fixes = ["check", "--diff", *together, *module.params["arguments"], *fwlint.judging(module)[2:]]
        result["diff"] = {"prepared": fwlint.run(module, [*fixes, "--", *paths], cwd=cwd)[1]}
    fwlint.leave(module, result, stderr)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "paths": {"type": "list", "elements": "path"},
            "files": {"type": "dict"},
            "arguments": {"type": "list", "elements": "str", "default": []},
            **fwlint.JUDGING,
        },
        mutually_exclusive=[("paths", "files")],
        required_one_of=[("paths", "files")],
        supports_check_mode=True,
    )
    if module.params["paths"] is not None:
        check(module, module.params["paths"], [], None)
    if module.params["config"]:
        module.params["config"] = os.path.abspath(module.params["config"])
    with tempfile.TemporaryDirectory(dir=module.tmpdir) as folder:
        names = lay_out(module, folder)
        if "fwlint.yaml" in module.params["files"]:
            # It may say which of the files belong together, and not all of them need be firewalls.
            check(module, ["."], [], folder)
        check(module, names, ["--together"], folder)


if __name__ == "__main__":
    main()
