#!/usr/bin/env python3
"""The same rules as Terraform for Checkov and as an export for fwlint, checked side by side.

    python3 -m venv /tmp/checkov && /tmp/checkov/bin/pip install checkov
    PATH=/tmp/checkov/bin:$PATH benches/checkov.py target/release/fwlint [RULES [GROUPS]]

Needs hyperfine. fwlint reads what `aws ec2 describe-security-groups` prints of some groups (20); Checkov reads the same
groups as `aws_security_group` with a block for each rule. Both end with 1, since both find something.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path


def rules(count, groups):
    """So many rules, the same each time: group, direction, protocol, port, network."""
    dice = random.Random(7)
    for number in range(count):
        length = dice.choice([0, 8, 16, 24, 24, 32])
        bits = dice.getrandbits(32) & (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF
        network = ".".join(str(bits >> shift & 255) for shift in (24, 16, 8, 0)) + f"/{length}"
        direction = dice.choice(["ingress", "egress"])
        yield number % groups, direction, dice.choice(["tcp", "udp"]), dice.randrange(1, 65536), network


def export(all_rules, count):
    """What the aws command prints."""
    all_groups = [
        {
            "GroupId": f"sg-{number:08x}",
            "GroupName": f"group-{number}",
            "Description": "a group",
            "VpcId": "vpc-1",
            "OwnerId": "123456789012",
            "IpPermissions": [],
            "IpPermissionsEgress": [],
        }
        for number in range(count)
    ]
    for group, direction, protocol, port, network in all_rules:
        key = "IpPermissions" if direction == "ingress" else "IpPermissionsEgress"
        all_groups[group][key].append(
            {
                "IpProtocol": protocol,
                "FromPort": port,
                "ToPort": port,
                "IpRanges": [{"CidrIp": network, "Description": "a rule"}],
                "Ipv6Ranges": [],
                "PrefixListIds": [],
                "UserIdGroupPairs": [],
            }
        )
    return json.dumps({"SecurityGroups": all_groups}, indent=4)


def terraform(all_rules, count):
    """The same groups as Terraform makes them."""
    blocks = [[] for _ in range(count)]
    for group, direction, protocol, port, network in all_rules:
        blocks[group].append(
            f"  {direction} {{\n"
            f'    description = "a rule"\n'
            f'    protocol    = "{protocol}"\n'
            f"    from_port   = {port}\n"
            f"    to_port     = {port}\n"
            f'    cidr_blocks = ["{network}"]\n'
            f"  }}\n"
        )
    resources = (
        f'resource "aws_security_group" "group_{number}" {{\n'
        f'  name        = "group-{number}"\n'
        f'  description = "a group"\n'
        f'  vpc_id      = "vpc-1"\n' + "".join(block) + "}\n"
        for number, block in enumerate(blocks)
    )
    return "\n".join(resources)


def main():
    fwlint = Path(sys.argv[1]).resolve()
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    groups = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    all_rules = list(rules(count, groups))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "groups.json").write_text(export(all_rules, groups))
        (folder / "main.tf").write_text(terraform(all_rules, groups))
        commands = [
            f"{fwlint} check --isolated groups.json",
            "checkov --quiet --compact --file main.tf --framework terraform",
        ]
        result = folder / "times.json"
        subprocess.run(
            ["hyperfine", "-i", "-N", "--warmup", "1", "--runs", "5", "--export-json", result, *commands],
            cwd=folder,
            check=True,
        )
        results = json.loads(result.read_text())["results"]
    ours, theirs = (run["median"] for run in results)
    print(f"{count} rules in {groups} groups: fwlint {ours:.3f} s, Checkov {theirs:.2f} s: {theirs / ours:.0f} times faster")
    ours, theirs = (run["user"] + run["system"] for run in results)
    print(f"processor time: fwlint {ours:.3f} s, Checkov {theirs:.2f} s: {theirs / ours:.0f} times less")


if __name__ == "__main__":
    main()
