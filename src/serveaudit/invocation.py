"""Which program a command starts: by its name, its path, or through `python -m`."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from serveaudit.command import Command
from serveaudit.values import Partial, Place, Value

_PYTHON = re.compile(r"(python|pypy)[\d.]*")
_WITH_WORD = ("-X", "-W", "--check-hash-based-pycs")


def arguments_for(command: Command, names: Collection[str], modules: Collection[str] = ()) -> tuple[Value[Any], ...] | None:
    """The words behind the program, where the command starts one of these: an executable of any directory, or one of the
    modules by `python -m`. None where it starts something else."""
    if not command.argv:
        return None
    name = basename(command.argv[0])
    if name in names:
        return command.argv[1:]
    return _through_python(command, names, modules) if _PYTHON.fullmatch(name) else None


def _through_python(command: Command, names: Collection[str], modules: Collection[str]) -> tuple[Value[Any], ...] | None:
    at = 1
    while command.word(at).startswith("-"):
        word = command.word(at)
        if not word.startswith("--") and "m" in word:
            attached = word[word.index("m") + 1 :]
            at += 0 if attached else 1
            return command.argv[at + 1 :] if (attached or command.word(at)) in modules else None
        at += 2 if word in _WITH_WORD else 1
    if at < len(command.argv) and basename(command.argv[at]) in names:
        return command.argv[at + 1 :]
    return None


@dataclass(frozen=True, slots=True)
class Script:
    """What a Python interpreter is told to run: a file, or by `-m` a module; and the words behind it."""

    path: str = ""
    module: str = ""
    words: tuple[Value[Any], ...] = ()


def script_of(command: Command) -> Script | None:
    """What `python app.py` or `python -m app` runs; None where it is something else (`-c`), or no Python."""
    at = 1
    if not _PYTHON.fullmatch(basename(command.argv[0]) if command.argv else ""):
        return None
    while (word := command.word(at)).startswith("-"):
        if found := re.match(r"-\w*?([mc])(.*)", word):
            attached = found[2]
            named = attached or command.word(at + 1)
            return Script(module=named, words=command.argv[at + 1 + (not attached) :]) if found[1] == "m" and named else None
        at += 2 if word in _WITH_WORD else 1
    return Script(path=command.word(at), words=command.argv[at + 1 :]) if command.word(at) else None


def basename(word: Value[Any]) -> str:
    """The last part of a path, also of one whose directory is not known: `$VIRTUAL_ENV/bin/gunicorn`. Empty for any other
    word that is not known."""
    last = word.x.parts[-1] if isinstance(word.x, Partial) else word.x
    if not isinstance(last, str) or (isinstance(word.x, Partial) and "/" not in last):
        return ""
    return last.rpartition("/")[2]


def head(command: Command) -> Place:
    """The program's word: where a default of it is told."""
    return command.argv[0].places[0] if command.argv and command.argv[0].places else command.place
