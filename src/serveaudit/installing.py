"""What the build of an image installs, by the commands that it runs: pip, uv, Poetry, PDM, Pipenv and conda; apt and apk.

Only the stages count that the image is made from. Files that a command names are looked for where the build copies them, or
by the likeness of their paths.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from serveaudit.application.requirements import Package, Packages, installed, requirement
from serveaudit.command import Command, Step
from serveaudit.distributions import distribution_of, packaged, program_of, upstream
from serveaudit.following import follow
from serveaudit.invocation import basename
from serveaudit.launching import Machine
from serveaudit.mapping import MappedFiles
from serveaudit.source import SourceFile
from serveaudit.values import Unknown, Value

_WORTH_FOLLOWING = re.compile(r"\b(?:pip\w*|uv|poetry|pdm|conda|mamba|micromamba|apt|apt-get|apk)\b|\.sh\b")
_OTHER_SOURCES = re.compile(
    r"nginx\.org/packages|add-apt-repository|sources\.list|backports|/edge/|--repository|@(?:edge|testing)"
)
"""Signs that packages come from elsewhere than from the distribution's own release."""

_BY_NAME = {
    "pip": ("install", "wheel", "download"),
    "pipx": ("install", "inject"),
    "uv": ("install", "add"),
    "poetry": ("add",),
    "pdm": ("add",),
    "pipenv": ("install",),
}
_BY_PROJECT = {
    "uv": ("sync", "export", "lock"),
    "poetry": ("install", "sync", "export"),
    "pdm": ("install", "sync", "export"),
    "pipenv": ("install", "sync", "requirements"),
}
_PROJECT_FILES = {
    "uv": ("pyproject.toml", "uv.lock"),
    "poetry": ("pyproject.toml", "poetry.lock"),
    "pdm": ("pyproject.toml", "pdm.lock"),
    "pipenv": ("Pipfile", "Pipfile.lock"),
    "pip": ("pyproject.toml", "setup.cfg", "setup.py"),
}
_NAMES_FILE = ("-r", "--requirement", "--requirements")
_TAKES_WORD = frozenset(
    """-c --constraint --constraints -i --index-url --index --default-index --extra-index-url --prefix --target -t -f
    --find-links --python -p --python-version --platform --root --trusted-host -w --wheel-dir -d --dest --group --extra
    --cache-dir --proxy --timeout --retries --only-binary --no-binary --src --upgrade-strategy --progress-bar
    -P --upgrade-package --config-settings --log --cert --global-option --virtual -X --repository""".split()
)
_TOOLS = frozenset(("pip", "setuptools", "wheel", "pip-tools", "poetry", "uv", "pipenv", "pdm", "virtualenv", "build"))
"""What installs others, and brings no server along."""


@dataclass(slots=True)
class Built:
    """What the commands of a build install.

    packages      of Python, by name and by the files that are named; `complete` is that of the files
    by_files      whether files were named, and all of them read
    distribution  of the Linux distribution, by the programs that they bring
    """

    packages: Packages = field(default_factory=Packages)
    by_files: bool = False
    distribution: dict[str, Package] = field(default_factory=dict)


@dataclass(slots=True)
class _Install:
    """What one command asks for."""

    named: list[Package] = field(default_factory=list)
    files: list[SourceFile] = field(default_factory=list)
    unread: Unknown | None = None


def built(machine: Machine, files: MappedFiles) -> Built:
    """What was installed while a machine's image was built."""
    own = list(_commands(machine.runs, files))
    found = Built(distribution=_distribution(machine, own))
    installs = [_install(command, files) for command in (*_commands(machine.brought, files), *own)]
    complete: list[bool | Unknown] = []
    for each in reversed(installs):  # what is installed last stays
        found.packages.add(Packages.of(each.named))
        if each.files:
            asked = installed(each.files, lambda path: files.text(path) if files.repository.exists(path) else None)
            found.packages.add(Packages(asked.by_name))
            complete.append(asked.complete)
    found.by_files = bool(complete) and all(each.unread is None for each in installs)
    found.packages.complete = _complete(installs, complete)
    return found


def _complete(installs: Iterable[_Install], asked: list[bool | Unknown]) -> bool | Unknown:
    """Whether all that is installed is listed: by a lock file, and nothing beside it."""
    for each in installs:
        brings = next((package.name for package in each.named if package.name not in _TOOLS), None)
        if each.unread is not None:
            return each.unread
        if brings is not None:
            return Unknown(f"what {brings} needs in turn is installed too")
    return next((each for each in asked if each is True), asked[0] if asked else Unknown("no requirements were found"))


def _commands(steps: Iterable[Step], files: MappedFiles) -> Iterator[Command]:
    """Every command of the build, with the conditions on which it runs as assumptions of its words."""
    for step in steps:
        for followed in follow(step, files).commands if _WORTH_FOLLOWING.search(step.text) else ():
            condition: Value[None] = Value(None, assumes=followed.conditions)
            yield replace(followed.command, argv=tuple(word.also(condition) for word in followed.command.argv))


def _install(command: Command, files: MappedFiles) -> _Install:
    """What a command asks Python's installers for."""
    found = _Install()
    tool, verb, words = _called(command)
    if verb in _BY_NAME.get(tool, ()):
        _operands(found, tool, words, command, files)
    if verb in _BY_PROJECT.get(tool, ()) and not found.named:
        _project(found, tool, ".", command, files)
    if tool in ("conda", "mamba", "micromamba") and verb in ("env", "create", "install"):
        for option, word in pairwise(words):
            if option.x in ("-f", "--file"):
                _file(found, str(word.x), command, files)
    return found


def _called(command: Command) -> tuple[str, str, tuple[Value[str], ...]]:
    """The tool, what it is to do, and the words behind that: `python -m pip install x`, `uv pip install x`."""
    words = command.argv
    name = basename(words[0]) if words else ""
    if name.startswith("python") and command.word(1) == "-m":
        words, name = words[2:], command.word(2)
    tool = re.sub(r"[\d.]+$", "", name)
    at = next((index for index, word in enumerate(words) if index and not str(word.x).startswith("-")), len(words))
    if tool == "uv" and at < len(words) and words[at].x in ("pip", "tool"):
        at = min(at + 1, len(words))
    verb = words[at].x if at < len(words) else ""
    return tool, verb if isinstance(verb, str) else "", words[at + 1 :]


def _operands(found: _Install, tool: str, words: tuple[Value[str], ...], command: Command, files: MappedFiles) -> None:
    """Requirements, files of them, and projects, as `pip install` takes them."""
    option = ""
    for word in words:
        text = word.x if isinstance(word.x, str) else ""
        if option in _NAMES_FILE:
            _file(found, text, command, files)
            option = ""
        elif option in _TAKES_WORD:
            option = ""
        elif text.startswith("-"):
            option = _option(found, text, command, files)
        elif re.match(r"[./]", text):
            _project(found, "pip", text, command, files)
        else:
            package = requirement(replace(word, x=text.replace("@", "==")) if re.fullmatch(r"[\w.-]+@\d[\w.]*", text) else word)
            found.named += [package] if isinstance(package, Package) else []
            found.unread = package if isinstance(package, Unknown) else found.unread


def _option(found: _Install, text: str, command: Command, files: MappedFiles) -> str:
    """An option that waits for its word; one that has it already (`-rbase.txt`, `--requirement=base.txt`) is taken at once."""
    name, separator, value = text.partition("=")
    if name in _NAMES_FILE and separator:
        _file(found, value, command, files)
    elif text.startswith("-r") and len(text) > 2:
        _file(found, text[2:], command, files)
    return "" if separator else name


def _file(found: _Install, path: str, command: Command, files: MappedFiles) -> None:
    source = _located(path, command, files)
    if source is not None:
        found.files.append(source)
    else:
        found.unread = Unknown(f"{path or 'a file of requirements'} was not read", path)


def _project(found: _Install, tool: str, path: str, command: Command, files: MappedFiles) -> None:
    """The files of a project that a directory holds; a wheel is none."""
    if path.endswith((".whl", "*", ".tar.gz")):
        return
    folder = posixpath.normpath(path.partition("[")[0])
    for name in _PROJECT_FILES[tool]:
        source = _located(posixpath.join(folder, name), command, files)
        found.files += [source] if source is not None else []


def _located(path: str, command: Command, files: MappedFiles) -> SourceFile | None:
    """A file that a build reads; of one that is copied nowhere the only one in the repository whose path ends so."""
    found = files.read(path, command.directory) if path else None
    if found is None and path:
        tail = "/" + posixpath.normpath(path).lstrip("/")
        alike = [each for each in files.repository.paths if each.endswith(tail)]
        found = files.text(alike[0]) if len(alike) == 1 else None
    return found if isinstance(found, SourceFile) else None


def _distribution(machine: Machine, commands: Iterable[Command]) -> dict[str, Package]:
    """The programs that apt and apk bring, in the releases that they are pinned to or that the distribution has."""
    own = not any(_OTHER_SOURCES.search(step.text) for step in machine.runs)
    base = distribution_of(machine.image.x) if own and isinstance(machine.image.x, str) else ""
    found: dict[str, Package] = {}
    for tool, verb, words in map(_called, commands):
        if (tool, verb) in (("apt", "install"), ("apt-get", "install"), ("aptitude", "install"), ("apk", "add")):
            packages = (_packaged(word, base, machine) for word in words)
            found |= {package.name: package for package in packages if package is not None}
    return found


def _packaged(word: Value[str], distribution: str, machine: Machine) -> Package | None:
    """`nginx`, `nginx=1.22.1-9*`, `nginx~=1.24`."""
    match = re.fullmatch(r"([a-z][a-z0-9.+-]+)(?:(=|~=|=~|[<>~])(\S+))?", word.x) if isinstance(word.x, str) else None
    if match is None or not word.places:
        return None
    program = program_of(match[1])
    pinned = upstream(match[3]) if match[2] == "=" else "" if match[2] else packaged(distribution, program)
    why = Unknown(f"which {program} {distribution or 'its distribution'} packages is not known")
    places = word.places[:1] if match[2] else (*word.places[:1], *machine.image.places[:1])
    return Package(program, Value(pinned or why, places, word.assumes), word.places[0], word.x)
