"""Runs a command whose output goes to a terminal: terminal.py COLUMNS STREAMS COMMAND... prints what the terminal gets.

STREAMS names those that are the terminal, `out` or `out,err`; standard error is passed on otherwise.
"""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

columns, streams, *command = sys.argv[1:]
screen, terminal = pty.openpty()
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
error = terminal if "err" in streams else None
process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=terminal, stderr=error)
os.close(terminal)
while True:
    try:
        shown = os.read(screen, 65536)
    except OSError:
        break
    if not shown:
        break
    sys.stdout.buffer.write(shown)
sys.exit(process.wait())
