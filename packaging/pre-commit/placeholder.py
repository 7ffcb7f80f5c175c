"""Builds what pre-commit installs for a hook of this repository: a package with nothing in it that asks for the wheel of the
same version, so that no compiler is needed.

pre-commit runs `pip install .` at the root, which calls `build_wheel` (PEP 517); the format is that of PEP 427.
"""

import re
import zipfile
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

CARGO = (Path(__file__).parents[2] / "Cargo.toml").read_text(encoding="utf-8")
VERSION = re.search(r'^version = "(.+)"$', CARGO, re.MULTILINE)[1]
NAME = "fwlint_pre_commit"

FILES = {
    "METADATA": f"Metadata-Version: 2.1\nName: fwlint-pre-commit\nVersion: {VERSION}\nRequires-Dist: fwlint=={VERSION}\n",
    "WHEEL": "Wheel-Version: 1.0\nGenerator: fwlint\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Write the wheel, and give back its name."""
    wheel = f"{NAME}-{VERSION}-py3-none-any.whl"
    folder = f"{NAME}-{VERSION}.dist-info"
    record = ""
    with zipfile.ZipFile(Path(wheel_directory, wheel), "w") as archive:
        for name, text in FILES.items():
            archive.writestr(f"{folder}/{name}", text)
            digest = urlsafe_b64encode(sha256(text.encode()).digest()).decode().rstrip("=")
            record += f"{folder}/{name},sha256={digest},{len(text)}\n"
        archive.writestr(f"{folder}/RECORD", f"{record}{folder}/RECORD,,\n")
    return wheel
