"""Runs the steps of action.yml and the lines of docs/ci.md as GitHub and GitLab would, on a good and a bad firewall."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import yaml

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / sys.argv[1]
HOSTS = ROOT / "testdata/hosts"
GOOD = HOSTS / "ufw-with-outgoing-denied-and-the-tunnel-allowed"
BAD = HOSTS / "real-mistakes/one-region-of-two"
# Whatever is installed is the wheel that was just built.
OFFLINE = os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(ROOT / "target/wheels")}


def lines(heading, language):
    command = [ROOT / ".ci/lines", "ci.md", heading, language]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def repository(name, host):
    """A folder with the firewall of a host."""
    folder = PLACE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in ["rules.v4", "rules.v6"]:
        shutil.copy(host / file, folder)
    # Reports name files from where a repository begins.
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return folder


def bash(script, folder, env):
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def expect(condition, what, done=None):
    if not condition:
        sys.exit(f"the workflows: {what}\n" + (done.stdout + done.stderr if done else ""))


def act(name, host, **given):
    """What the action does with a host: how its check ended, what it put out, the summary."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    inputs = {key: each["default"] for key, each in action["inputs"].items()}
    expect(given.keys() <= inputs.keys(), f"the action takes no {given.keys() - inputs.keys()}")
    inputs |= given
    folder, runner = repository(name, host), PLACE / f"{name}-runner"
    shutil.rmtree(runner, ignore_errors=True)
    runner.mkdir()
    env = OFFLINE | {
        "GITHUB_ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(runner),
        "GITHUB_OUTPUT": str(runner / "output"),
        "GITHUB_STEP_SUMMARY": str(runner / "summary"),
    }
    for step in filter(lambda step: "run" in step, action["runs"]["steps"]):
        values = {
            key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], value)
            for key, value in step["env"].items()
        }
        done = bash(step["run"], folder, env | values)
        if done.returncode:
            break

    def read(path):
        return path.read_text(encoding="utf-8") if path.exists() else ""

    return done, read(runner / "output"), read(runner / "summary")


def the_action():
    done, output, summary = act("bad", BAD)
    expect(done.returncode == 1, "the action takes a bad firewall", done)
    expect(re.search(r"^::warning file=rules\.v4,.*line=5,", done.stdout, re.M), "no annotation", done)
    expect("tunnel-region-blocked" in summary, "no summary", done)
    expect(output.startswith("sarif="), "no report for code scanning", done)
    report = json.loads(Path(output.strip().removeprefix("sarif=")).read_text(encoding="utf-8"))
    found = [result["ruleId"] for result in report["runs"][0]["results"]]
    expect("tunnel-region-blocked" in found, f"the report has only {found}")

    plain = {"paths": "rules.v4 rules.v6", "fail-level": "error", "annotations": "false", "summary": "false"}
    done, output, summary = act("plain", BAD, **plain)
    expect(done.returncode == 0 and not summary and "::warning " not in done.stdout, "inputs count for nothing", done)
    done, output, summary = act("good", GOOD)
    expect(done.returncode == 0 and output, "the action refuses a good firewall", done)
    done, output, summary = act("nothing", GOOD, paths="nowhere")
    expect(done.returncode == 2 and not output, "the action cannot do its work and does not say so", done)
    done, output, summary = act("another", GOOD, version="0.0.1")
    expect(done.returncode == 1 and "fwlint==0.0.1" in done.stderr, "the action takes any version", done)

    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    table = re.findall(r"^\| `([\w-]+)` \|", (ROOT / "docs/ci.md").read_text(encoding="utf-8"), re.M)
    expect(table == list(action["inputs"]), f"docs/ci.md has the inputs {table}")
    steps = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]["action"]["steps"]
    ours = next(step for step in steps if step.get("uses") == "./")
    expect(ours["with"].keys() <= action["inputs"].keys(), "ci.yml gives the action what it does not take")
    version = re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.M)[1]
    expect(f"fwlint/fwlint@v{version}\n" in lines("GitHub", "yaml"), "docs/ci.md has another version")
    print("the workflows: the action")


def gitlab():
    job = yaml.safe_load(lines("GitLab", "yaml"))["fwlint"]
    folder, venv = repository("gitlab", BAD), PLACE / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
    env = OFFLINE | {"PATH": f"{venv}/bin:/usr/bin:/bin"}
    done = bash("\n".join(job["script"]), folder, env)
    expect(done.returncode == 1 and "tunnel-region-blocked" in done.stdout, "GitLab: a bad firewall is taken", done)
    reports = job["artifacts"]["reports"]
    quality = json.loads((folder / reports["codequality"]).read_text(encoding="utf-8"))
    expect("tunnel-region-blocked" in [each["check_name"] for each in quality], "GitLab: no finding", done)
    expect(ElementTree.parse(folder / reports["junit"]).findall(".//failure"), "GitLab: no failure in JUnit's XML")
    print("the workflows: GitLab")
    return folder, env


def others(folder, env):
    """reviewdog's line, up to reviewdog, and the last one."""
    ours, theirs = lines("reviewdog", "sh").split(" | ")
    expect(theirs.startswith("reviewdog -f=rdjson "), "reviewdog reads another format")
    done = bash(ours, folder, env)
    found = [each["code"]["value"] for each in json.loads(done.stdout)["diagnostics"]]
    expect(done.returncode == 0 and "tunnel-region-blocked" in found, "reviewdog's line", done)
    done = bash(lines("Elsewhere", "sh"), folder, env)
    expect(done.returncode == 1 and (folder / "fwlint.html").exists(), "the line for elsewhere", done)
    print("the workflows: the other lines")


the_action()
others(*gitlab())
