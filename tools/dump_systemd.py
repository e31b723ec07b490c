"""systemd's table: the keys of service and socket units, from `systemd --dump-configuration-items`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import tablefile

PROGRAM = Path("/usr/lib/systemd/systemd")
SECTIONS = ("Unit", "Service", "Socket", "Install")
TYPES = {"SIGNAL": "signal", "SECONDS": "duration"}


def ask() -> tuple[str, tablefile.Rows]:
    if not PROGRAM.exists():
        raise ModuleNotFoundError(str(PROGRAM))
    version = _said("--version").split()[1]
    rows: tablefile.Rows = {}
    section = ""
    for line in _said("--dump-configuration-items").splitlines():
        if head := re.fullmatch(r"\[(\w+)\]", line):
            section = head[1]
        elif section in SECTIONS and "=" in line:
            name, _, kind = line.partition("=")
            rows[name] = {"type": TYPES.get(kind, "str")}
    return version, rows


def _said(option: str) -> str:
    return subprocess.run([PROGRAM, option], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(tablefile.main("systemd", ask))
