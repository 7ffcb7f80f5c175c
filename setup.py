"""What pre-commit installs when a hook of this repository is used: nothing of its own, but fwlint's wheel.

pre-commit runs `pip install .` here. This package needs no compiler, since it only asks for the wheel of the same
version; the wheel itself is made by packaging/wheel.
"""

import re
from pathlib import Path

from setuptools import setup

CARGO = (Path(__file__).parent / "Cargo.toml").read_text(encoding="utf-8")
VERSION = re.search(r'^version = "(.+)"$', CARGO, re.MULTILINE)[1]

setup(
    name="fwlint-pre-commit",
    version=VERSION,
    install_requires=[f"fwlint=={VERSION}"],
    py_modules=[],
)
