#!/usr/bin/python
# Copyright: The fwlint project
# SPDX-License-Identifier: MIT OR Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: fwlint_scan
short_description: Lints the firewall that is in force on a host
version_added: 1.0.0
description:
  - Takes down all rules that are in force, of both kinds of iptables, of nft and of ipset, with the interfaces, the
    resolvers and how cloudflared is set up, and judges them as one, as C(fwlint scan) does.
  - Nothing is ever changed, no token is shown or kept, and the result is never V(changed).
  - All of it needs root, so C(become).
options:
  check:
    description: Whether what was taken down is judged, too.
    type: bool
    default: true
  configuration:
    description: The text of a C(fwlint.yaml) that holds, instead of a file on the host.
    type: str
  arguments:
    description: Further arguments for C(fwlint scan), such as C(--region).
    type: list
    elements: str
    default: []
attributes:
  diff_mode:
    description: There is nothing to show.
    support: none
extends_documentation_fragment: fwlint.fwlint.judging
author:
  - The fwlint project (@fwlint)
"""

EXAMPLES = r"""
- name: Lint what is in force
  fwlint.fwlint.fwlint_scan:
  become: true

- name: Take it down on the host
  fwlint.fwlint.fwlint_scan:
    check: false
  become: true
  register: seen

- name: Lint it on the controller
  fwlint.fwlint.fwlint_check:
    files: "{{ seen.files }}"
  delegate_to: localhost
"""

RETURN = r"""
files:
  description: What was taken down, without tokens, as O(fwlint.fwlint.fwlint_check#module:files) takes it.
  returned: whenever rules could be seen
  type: dict
  sample: {ruleset.nft: "table inet filter { }", fwlint.yaml: "hosts: []"}
unseen:
  description: What could not be seen, and why; empty when all was.
  returned: always
  type: str
  sample: "the report is about a part of the rules: the tables of nft: nft is not installed"
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


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "check": {"type": "bool", "default": True},
            "configuration": {"type": "str"},
            "arguments": {"type": "list", "elements": "str", "default": []},
            **fwlint.JUDGING,
        },
        mutually_exclusive=[("config", "configuration")],
        supports_check_mode=True,
    )
    if module.params["config"]:
        module.params["config"] = os.path.abspath(module.params["config"])
    with tempfile.TemporaryDirectory(dir=module.tmpdir) as folder:
        kept = Path(folder, "seen")
        if module.params["configuration"] is not None:
            own = Path(folder, "fwlint.yaml")
            own.write_text(module.params["configuration"], encoding="utf-8")
            module.params["config"] = str(own)
        how = fwlint.judging(module) if module.params["check"] else judging_later(module)
        arguments = ["scan", "--save", kept.name, *module.params["arguments"], *how]
        status, stdout, stderr = fwlint.run(module, arguments, cwd=folder)
        if not kept.is_dir():
            module.fail_json(msg=fwlint.complaint(stderr), status=status, unseen=fwlint.complaint(stderr))
        result = {"changed": False, "status": status}
        if module.params["check"]:
            result = fwlint.report(module, status, stdout, stderr)
        files = {path.name: path.read_text(encoding="utf-8") for path in sorted(kept.iterdir())}
    result.update(files=files, unseen=fwlint.complaint(stderr))
    fwlint.leave(module, result, stderr)


def judging_later(module: AnsibleModule) -> list[str]:
    """Flags that go into what is kept."""
    policy, config = (module.params[name] for name in ("policy", "config"))
    flags = ["--no-check"]
    flags += ["--policy", policy] if policy else []
    return flags + (["--config", config] if config else [])


if __name__ == "__main__":
    main()
