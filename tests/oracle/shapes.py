"""Cases in the shapes of real deployments, one shape a file: a sentence, `$` and a command with its variables, `---` and a path
before each file's text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from agreement import Case

_FILE = re.compile(r"^--- (.+)\n", re.MULTILINE)
_VARIABLE = re.compile(r"^([A-Za-z_]\w*)=(.*)$", re.DOTALL)


def shapes(folder: str) -> Iterator[tuple[str, list[Case]]]:
    """The name of each shape, and its cases: one for each command, on machines of different sizes."""
    for path in sorted((Path(__file__).parent / folder).glob("*.txt")):
        head, files = parted(path.read_text())
        commands = [line.removeprefix("$ ") for line in head.splitlines() if line.startswith("$ ")]
        yield path.stem, [case(line, files, cpus=2**number) for number, line in enumerate(commands)]


def parted(text: str) -> tuple[str, dict[str, str]]:
    """What stands before the first file, and the files."""
    head, *pieces = _FILE.split(text)
    return head, dict(zip(pieces[::2], pieces[1::2], strict=True))


def case(line: str, files: dict[str, str], cpus: int = 1) -> Case:
    """`NAME=text … program words`"""
    words = shlex.split(line)
    env: dict[str, str] = {}
    while found := _VARIABLE.match(words[0]):
        env[found[1]] = found[2]
        words.pop(0)
    return Case(words, files, env, cpus)
