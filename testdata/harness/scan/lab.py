"""Scans hosts of the oracle: loads rulesets into one, runs fwlint there, then sends packets through it.

Called as `lab.py ORACLE FWLINT FOLDER`. Jobs are those of the oracle's batch, one a line; each is answered by a line
`{"folder", "status", "stderr", "results"}`: where the scan was saved, how it ended, and what the kernel did.
"""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from lab import Host, Interface, World  # noqa: E402
from loaders import LoadError, Ruleset, load, resolve_kind  # noqa: E402
from prober import Prober  # noqa: E402


def answer(world: World, job: dict, folder: Path) -> dict:
    interfaces = tuple(map(Interface.parse, job["interfaces"]))
    with Host(world, interfaces) as host:
        try:
            for kind, text in job["rulesets"]:
                load(host.namespace, Ruleset(resolve_kind(kind, "nft"), text))
        except LoadError as error:
            return {"error": error.details}
        command = [sys.argv[2], "scan", "--quick", "--format", "json", "--save", str(folder)]
        with host.namespace:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        results = Prober(host).run(job["probes"], True)
        return {"folder": str(folder), "status": done.returncode, "stderr": done.stderr, "results": results}


def main() -> None:
    world = World()
    for number, line in enumerate(sys.stdin):
        print(json.dumps(answer(world, json.loads(line), Path(sys.argv[3]) / str(number))), flush=True)


main()
