"""Programs that start others by files of their own: supervisord, honcho and its like, s6 and runit, make.

Sources: Supervisor's manual and supervisor/options.py; honcho's and foreman's manuals; s6-overlay's README; runsvdir(8);
baseimage-docker's README.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from serveaudit.command import Command, Environment, Step
from serveaudit.formats import dotenv
from serveaudit.formats.shell import interpreter
from serveaudit.formats.words import Filled
from serveaudit.invocation import basename
from serveaudit.launch.makefile import read_targets
from serveaudit.launch.procfile import read_processes
from serveaudit.launch.supervisor import includes, read_programs
from serveaudit.launching import Unit
from serveaudit.mapping import MappedFiles
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value

_SUPERVISOR_FILES = ("supervisord.conf", "etc/supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf")
"""Where supervisord looks for its file."""
_PACKAGED = ("/etc/supervisor/conf.d/*.conf", "/etc/supervisord.d/*.ini")
"""What the files of Debian's and Fedora's packages include, where the repository has none of its own."""
_PROCFILES = frozenset(("honcho", "foreman", "forego", "overmind"))
_FIRST_PORT, _PORT_STEP = 5000, 100
_S6 = ("/etc/services.d/*/run", "/etc/s6-overlay/s6-rc.d/*/run")
_RUNIT = {"my_init": ("/etc/service/*/run",), "runit-init": ("/etc/service/*/run",), "runit": ("/etc/service/*/run",)}


def supervised(command: Command, files: MappedFiles) -> list[Unit]:
    """The units that a command starts by a file of its own; none where it is another program, or the file is not known."""
    name = basename(command.argv[0]) if command.argv else ""
    if name == "supervisord":
        return _programs(command, files)
    if name in _PROCFILES and command.word(1) in ("start", "s"):
        return _processes(command, files)
    if command.word(0) == "/init":
        return list(_services(command, files, _S6))
    if name in ("runsvdir", "s6-svscan"):
        return list(_services(command, files, (posixpath.join(command.word(len(command.argv) - 1), "*/run"),)))
    return list(_services(command, files, _RUNIT.get(name, ())))


def _programs(command: Command, files: MappedFiles) -> list[Unit]:
    """From the file that a supervisord is given or finds, and the files that this one includes."""
    named, cwd = _option(command, "c", "--configuration"), command.directory
    found: list[tuple[SourceFile, str]] = []
    for path in (named,) if named else _SUPERVISOR_FILES:
        source = files.find(path, cwd)
        if source is not None:
            patterns = includes(source, posixpath.dirname(posixpath.join(cwd, path)))
            found = [(source, path), *_included(files, [pattern.x for pattern in patterns], path, cwd)]
            break
    found = found or list(_included(files, _PACKAGED, named or _SUPERVISOR_FILES[-1], cwd))
    directories = [posixpath.dirname(posixpath.join(cwd, path)) for _, path in found]
    return read_programs([source for source, _ in found], command.env, command.cwd, directories)


def _included(files: MappedFiles, patterns: Iterable[object], path: str, cwd: str) -> Iterator[tuple[SourceFile, str]]:
    """Each file with the path by which it was found."""
    for pattern in patterns:
        if isinstance(pattern, str):
            full = posixpath.join(cwd, posixpath.dirname(path), pattern)
            yield from ((source, full) for source in files.matching(full))


def _processes(command: Command, files: MappedFiles) -> list[Unit]:
    """Those of a Procfile, with the variables of the `.env` beside it and ports of their own."""
    source = files.find(_option(command, "f", "--procfile") or "Procfile", command.directory)
    if source is None:
        return []
    env = _with_dotenv(command, files)
    wanted = {command.word(at) for at in range(2, len(command.argv))}
    names = [unit.name for unit in read_processes(source, env)]
    first = Value(_option(command, "p", "--port")) if _option(command, "p", "--port") else env.variables.get("PORT")
    units = []
    for number, name in enumerate(names):
        own = env.over({"PORT": _port(first, number)})
        units += [unit for unit in read_processes(source, own, command.cwd) if unit.name == name]
    return [unit for unit in units if unit.name in wanted] if wanted & set(names) else units


def _with_dotenv(command: Command, files: MappedFiles) -> Environment:
    source = files.find(".env", command.directory)
    if source is None:
        return command.env
    given = {each.name: Filled(each.text).value() for each in dotenv.parse(source)}
    return command.env.over(given)


def _port(first: Value[Any] | None, number: int) -> Value[Any]:
    if first is None or first.x is None:
        return Value(str(_FIRST_PORT + _PORT_STEP * number))
    if not isinstance(first.x, str) or not first.x.isdecimal():
        return Value(Unknown("its first port is not known", "$PORT"), first.places)
    return Value(str(int(first.x) + _PORT_STEP * number), first.places)


def _services(command: Command, files: MappedFiles, patterns: Iterable[str]) -> Iterator[Unit]:
    """A unit for each service's `run`, in the directory of that file."""
    for pattern in patterns:
        for source in files.matching(pattern, command.directory):
            place = Place(source.line_span(1))
            step = _run(source, command, place)
            if step is not None:
                yield Unit("shell", posixpath.basename(posixpath.dirname(source.path)) or source.path, place, (step,))


def _run(source: SourceFile, command: Command, place: Place) -> Step | None:
    """A `run` for a shell, or for execline where it only chains programs."""
    shell = interpreter(source.text)
    if shell == "execlineb":
        behind_first_line = min(len(source.line_text(1)) + 1, len(source.text))
        words = _chained(Filled(source.slice(behind_first_line, len(source.text))).words())
        return Step(place, tuple(words), cwd=command.cwd, env=command.env) if words else None
    return Step(place, script=source, shell=shell or "sh", cwd=command.cwd, env=command.env)


def _chained(words: list[Value[Any]]) -> list[Value[Any]]:
    """The programs that start each other in turn, without what they run aside and the variables that they set or put in; none
    where these stand in a word of theirs, or another block says how it goes on."""
    chain: list[Value[Any]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.x in ("foreground", "background") and rest and rest[0].x == "{":
            rest = rest[_block_end(rest) :]
        elif word.x in ("importas", "export"):
            flags = next((at for at, each in enumerate(rest) if not str(each.x).startswith("-")), 0)
            rest = rest[flags + 2 :]
        else:
            chain.append(word)
    return [] if any(word.x in _BLOCKS or "$" in str(word.x) for word in chain) else chain


def _block_end(words: list[Value[Any]]) -> int:
    """How many words a block has that begins with the first one."""
    depth = 0
    for at, word in enumerate(words, 1):
        depth += {"{": 1, "}": -1}.get(str(word.x), 0)
        if not depth:
            return at
    return len(words)


_BLOCKS = frozenset("{ } backtick define multisubstitute".split())
"""Words of execline that do more than to start the rest of the line."""


MAKES = ("make", "gmake")


def made(command: Command, files: MappedFiles) -> list[Step]:
    """What the recipes of a Makefile run for the targets that a `make` is told to make, else for the first one; those of their
    prerequisites first."""
    directory, named = _option(command, "C", "--directory"), _option(command, "f", "--file")
    cwd = posixpath.normpath(posixpath.join(command.directory, directory)) if directory else command.directory
    names = (named,) if named else _MAKEFILES
    source = next((found for name in names if (found := files.find(name, cwd)) is not None), None)
    if source is None:
        return []
    words = [command.word(at) for at in range(1, len(command.argv))]
    given = dict(word.split("=", 1) for word in words if re.match(r"[A-Za-z_]\w*=", word))
    units = {unit.name: unit for unit in read_targets(source, command.env, Value(cwd), given)}
    wanted = [units[word] for word in words if word in units] or list(units.values())[:1]
    return [step for unit in wanted for step in (*unit.before, *unit.steps)]


_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")


def _option(command: Command, letter: str, name: str) -> str:
    """The text of an option, in any of getopt's spellings: `-c x`, `-nc x`, `-cx`, `--name x`, `--name=x`."""
    for at in range(1, len(command.argv)):
        word = command.word(at)
        if word.startswith(name + "="):
            return word.removeprefix(name + "=")
        short = re.fullmatch(rf"-[a-z]*?{letter}(.*)", word) if not word.startswith("--") else None
        if short or word == name:
            return (short[1] if short else "") or command.word(at + 1)
    return ""
