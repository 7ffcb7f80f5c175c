"""Stands in for get-pip where only an index can be reached: Python brings a pip, which fetches the one that is asked for.

ansible-test hands no variables on, so what pip was told by them lies beside this file, and goes into the environment.
"""
import pathlib
import shutil
import subprocess
import sys

shutil.copy(pathlib.Path(__file__).with_name("pip.conf"), sys.prefix)
subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
arguments = [each for each in sys.argv[1:] if each not in ("--no-setuptools", "--no-wheel")]
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *arguments], check=True)
