"""Playbooks and roles of Ansible, as far as they are literal: which templates and files they put where on a host.

Source: Ansible's manual, "ansible.builtin.template", "ansible.builtin.copy", "Roles" and "Using variables".
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from serveaudit.formats.yaml import Mapping, Scalar, parse, walk
from serveaudit.source import Piece, SourceFile, standing_for

Read = Callable[[str], SourceFile | None]
_TASKS = re.compile(r"(?P<root>(?:.*?/)??)roles/(?P<role>[^/]+)/(?:tasks|handlers)/[^/]+\.ya?ml")
_PLAYBOOK = re.compile(
    r"(?P<root>(?:(?!roles/)[^/]+/)*?)(?:playbooks?/[^/]+|(?:site|main|deploy|playbook|provision|setup)[^/]*)\.ya?ml"
)
_VARIABLES = re.compile(
    r"(?P<root>(?:.*?/)??)(?:roles/[^/]+/(?:defaults|vars)/[^/]+|(?:[^/]+/)?group_vars/(?:.*/)?[^/]+|(?:[^/]+/)?vars/[^/]+)\.ya?ml"
)
_MODULES = ("template", "copy", "file")
_MARK = re.compile(
    r"\{\{-?\s*(?P<name>[A-Za-z_]\w*)\s*(?:\|\s*default\(\s*(?P<default>[^()\n]{0,200}?)\s*(?:,\s*true\s*)?\)\s*)?-?\}\}"
)
_LITERAL = re.compile(r"\"([^\"'\\]*)\"|'([^\"'\\]*)'|(-?\d+(?:\.\d+)?)")
_DEEPEST, _LONGEST, _MOST_TASKS = 6, 10_000, 2000
"""Variables in variables, characters of one, and tasks of a file."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A file that is put onto a host at `path`; `template` is what it is made from."""

    path: str
    text: SourceFile
    template: str


@dataclass(slots=True)
class Variables:
    """What the variables of a set of playbooks are: those that are defined once, or everywhere alike."""

    defined: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, mapping: Mapping) -> None:
        for key, node in mapping.items():
            text = node.text if isinstance(node, Scalar) and not node.null and len(node.text) < _LONGEST else "{{ }}"
            self.defined[key.text].add(text)

    def text(self, mark: re.Match[str], depth: int = 0) -> str | None:
        """What takes a mark's place; None where that is not known."""
        known = self.defined.get(mark["name"], set())
        if len(known) == 1 and depth < _DEEPEST:
            return self.whole(next(iter(known)), depth + 1)
        literal = _LITERAL.fullmatch(mark["default"] or "")
        return None if known or literal is None else next(group for group in literal.groups() if group is not None)

    def whole(self, text: str, depth: int = 0) -> str | None:
        """A text without marks; None where one of them is not known."""
        parts, at = list[str](), 0
        for mark in _MARK.finditer(text):
            value = self.text(mark, depth)
            if value is None or len(value) > _LONGEST:
                return None
            parts += (text[at : mark.start()], value)
            at = mark.end()
        found = "".join((*parts, text[at:]))
        return None if "{{" in found or "{%" in found or len(found) > _LONGEST else found

    def fill(self, source: SourceFile) -> SourceFile:
        """A template with the marks replaced that are known, as a view on it."""
        text, pieces, at = "", list[Piece](), 0
        for mark in _MARK.finditer(source.text):
            value = self.text(mark)
            if value is not None and len(text) < 100 * _LONGEST:
                pieces.append(Piece(len(text), at, mark.start() - at))
                text += source.text[at : mark.start()]
                pieces += standing_for(len(text), len(value), mark.start(), mark.end())
                text, at = text + value, mark.end()
        pieces.append(Piece(len(text), at, len(source.text) - at))
        return source.view(text + source.text[at:], pieces)


def read_playbooks(paths: Iterable[str], read: Read) -> dict[str, list[Placed]]:
    """What is put onto hosts, by the directory that the playbooks and roles lie in."""
    tasks: dict[str, list[str]] = defaultdict(list)
    variables: dict[str, Variables] = defaultdict(Variables)
    for path in sorted(paths):
        if found := _VARIABLES.fullmatch(path):
            for mapping in _mappings(read(path)):
                variables[found["root"]].add(mapping)
        elif found := _TASKS.fullmatch(path) or _PLAYBOOK.fullmatch(path):
            tasks[found["root"]].append(path)
    placed = {root: list(_placed(tasks[root], variables[root], read)) for root in tasks}
    return {root: files for root, files in placed.items() if files}


def _placed(paths: Iterable[str], variables: Variables, read: Read) -> Iterator[Placed]:
    there: dict[str, Placed] = {}
    for path in paths:
        for module, arguments in _tasks(read(path)):
            target = variables.whole(arguments.text("dest") or arguments.text("path"))
            source = variables.whole(arguments.text("src"))
            if target is None or source is None or not target.startswith("/"):
                continue
            if module == "file" and arguments.text("state") == "link" and source in there:
                yield Placed(target, there[source].text, there[source].template)
            elif module != "file" and (found := _source(path, module, source, arguments, read)) is not None:
                full = target + posixpath.basename(source).removesuffix(".j2") if target.endswith("/") else target
                plain = module == "copy" and arguments.get("content") is None
                text = found.slice(0, len(found.text)) if plain else variables.fill(found)
                there[full] = Placed(full, text, found.path)
                yield there[full]


def _source(path: str, module: str, source: str, arguments: Mapping, read: Read) -> SourceFile | None:
    """The text that a task puts somewhere: of its role's directory, or of one beside the playbook."""
    content = arguments.scalar("content")
    if content is not None:
        return content.view
    folder = "templates" if module == "template" else "files"
    home = posixpath.dirname(path)
    role = posixpath.dirname(home)
    places = (posixpath.join(role, folder), posixpath.join(home, folder), home, role)
    texts = (read(posixpath.normpath(posixpath.join(place, source))) for place in places if source)
    return next((text for text in texts if text is not None), None)


def _tasks(source: SourceFile | None) -> Iterator[tuple[str, Mapping]]:
    """The tasks that put files somewhere, also those of blocks: the module and its arguments."""
    nodes = (node for root in parse(source).documents for node in walk(root)) if source else iter(())
    for task in islice((node for node in nodes if isinstance(node, Mapping)), _MOST_TASKS):
        for module in _MODULES:
            arguments = task.mapping(module) or task.mapping(f"ansible.builtin.{module}")
            if arguments is not None:
                yield module, arguments


def _mappings(source: SourceFile | None) -> list[Mapping]:
    return parse(source).mappings if source else []
