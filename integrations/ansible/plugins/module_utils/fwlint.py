# Copyright: The fwlint project
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs fwlint, and turns what it says into the result of a module."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule

LEVELS = ["note", "warning", "error"]

JUDGING = {
    "executable": {"type": "str", "default": "fwlint"},
    "fail_level": {"type": "str", "choices": LEVELS},
    "policy": {"type": "str", "choices": ["advisory", "positive"]},
    "select": {"type": "list", "elements": "str", "default": []},
    "ignore": {"type": "list", "elements": "str", "default": []},
    "config": {"type": "path"},
    "fail_on_findings": {"type": "bool", "default": True},
}
"""Options that all modules have."""


def judging(module: AnsibleModule) -> list[str]:
    """Flags for the options that all modules have."""
    flags = ["--format", "json"]
    for name in ("fail_level", "policy", "config"):
        if module.params[name] is not None:
            flags += [f"--{name.replace('_', '-')}", module.params[name]]
    for name in ("select", "ignore"):
        if module.params[name]:
            flags += [f"--{name}", ",".join(module.params[name])]
    return flags


def run(module: AnsibleModule, arguments: list[str], **kwargs: Any) -> tuple[int, str, str]:
    """Run fwlint: its exit status, what it prints, and what it complains about."""
    executable = module.params["executable"]
    if "/" not in executable:
        executable = module.get_bin_path(executable, required=True)
    # What it needs comes as arguments, and nothing of it may be coloured.
    return module.run_command([executable, *arguments], environ_update={"NO_COLOR": "1"}, **kwargs)


def report(module: AnsibleModule, status: int, stdout: str, stderr: str) -> dict[str, Any]:
    """What fwlint found, as the result of a module."""
    try:
        said = json.loads(stdout)
    except ValueError:
        module.fail_json(msg=complaint(stderr) or "fwlint says nothing that can be read", status=status)
    findings = said["findings"]
    counts = {level: sum(each["level"] == level for each in findings) for level in LEVELS}
    return {
        "changed": False,
        "status": status,
        "fwlint_version": said["version"],
        "findings": findings,
        "units": said["units"],
        "counts": counts,
    }


def leave(module: AnsibleModule, result: dict[str, Any], stderr: str) -> None:
    """End the module with a result, as fwlint has ended."""
    if result["status"] > 1:
        module.fail_json(msg=complaint(stderr) or f"fwlint ends with {result['status']}", **result)
    if result["status"] == 1 and module.params["fail_on_findings"]:
        module.fail_json(msg=summary(result), **result)
    module.exit_json(**result)


def summary(result: dict[str, Any]) -> str:
    """What was found, in a line each, the worst first."""
    findings = sorted(result["findings"], key=lambda each: -LEVELS.index(each["level"]))
    lines = [f"{each['level']}[{each['lint']}]: {place(each)}{each['message']}" for each in findings]
    return "\n".join(lines)


def place(finding: dict[str, Any]) -> str:
    """Where a finding is, if it has a place."""
    if not finding.get("path") or not finding.get("start"):
        return ""
    return f"{finding['path']}:{finding['start']['line']}: "


def complaint(stderr: str) -> str:
    """What fwlint complained about, in one line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return " ".join(lines).removeprefix("error: ")
