# Copyright: The fwlint project
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the modules have in common, told once."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes of all modules."""

    DOCUMENTATION = r"""
options:
  executable:
    description: The program, by its path, or by its name on the path.
    type: str
    default: fwlint
  fail_level:
    description: From which level on findings fail the task. Without it, C(fwlint.yaml) says; otherwise it is V(warning).
    type: str
    choices: [note, warning, error]
  policy:
    description: With V(positive), whatever gets in that C(fwlint.yaml) does not allow by name fails the task.
    type: str
    choices: [advisory, positive]
  select:
    description: These lints alone.
    type: list
    elements: str
    default: []
  ignore:
    description: All lints but these.
    type: list
    elements: str
    default: []
  config:
    description: The C(fwlint.yaml) that holds, on the machine that runs the task.
    type: path
  fail_on_findings:
    description: Whether findings fail the task. What was found is returned in any case.
    type: bool
    default: true
attributes:
  check_mode:
    description: Does the same in check mode, since it changes nothing.
    support: full
"""
