"""uWSGI's configuration files, of whatever syntax, as one list of keys and texts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from serveaudit.formats import ini, yaml
from serveaudit.formats.ini import Entry
from serveaudit.source import Problem, SourceFile, Span
from serveaudit.values import Unknown

SUFFIXES = (".ini", ".xml", ".yaml", ".yml", ".json", ".js")
"""What a file must end with that is named without telling its syntax (core/uwsgi.c, uwsgi_opt_load)."""
_KINDS = {".xml": "xml", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".js": "json"}


@dataclass(frozen=True, slots=True)
class Found:
    """The section's entries in order, and its head: None where there is no such section. `unread`: the syntax is not read."""

    entries: list[Entry]
    head: Span | None
    problems: tuple[Problem, ...] = ()
    unread: Unknown | None = None


def kind(option: str, path: str) -> str:
    """The syntax of a file that an option names: ini, yaml, json or xml."""
    if option in ("ini", "ini-paste", "ini-paste-logged"):
        return "ini"
    if option in ("yaml", "yml", "json", "js", "xml", "xmlconfig"):
        return {"yml": "yaml", "js": "json", "xmlconfig": "xml"}.get(option, option)
    return next((kind for suffix, kind in _KINDS.items() if path.endswith(suffix)), "ini")


def entries(source: SourceFile, kind: str, section: str) -> Found:
    """The entries of one section."""
    if kind == "xml":
        return Found(
            [], None, (Problem(source.line_span(1), "XML is not read"),), Unknown(f"{source.path} is XML", source.path)
        )
    return _ini(source, section) if kind == "ini" else _yaml(source, section, kind == "json")


_TELLING = re.compile(
    r"^\s*\[uwsgi\]|^uwsgi:\s*(#.*)?$|^\s*<uwsgi\b|"
    r'^\s*\{?\s*"uwsgi"\s*:\s*\{\s*"[\w-]+"\s*:\s*[^{\s]',  # in JSON options have plain values
    re.MULTILINE,
)


def looks_like(source: SourceFile) -> bool:
    """Whether the text is a configuration of uWSGI, by its content."""
    return _TELLING.search(source.text) is not None


def of_content(source: SourceFile) -> str:
    """The syntax of a file that nothing names."""
    head = source.text.lstrip()[:1]
    if head in ("{", "<"):
        return "json" if head == "{" else "xml"
    return "yaml" if re.search(r"^uwsgi:", source.text, re.MULTILINE) and "[uwsgi]" not in source.text else "ini"


def _ini(source: SourceFile, section: str) -> Found:
    read = ini.parse(source, "uwsgi")
    head = next((each.head for each in read.sections if each.name == section and each.entries), None)
    return Found(read.entries(section), head, read.problems)


def _yaml(source: SourceFile, section: str, json: bool) -> Found:
    """A mapping below the section's name; a list gives its key several times. JSON is read as the YAML that it is."""
    read = yaml.parse(source)
    for mapping in read.mappings:
        for key, node in mapping.entries:
            if key.text == section and isinstance(node, yaml.Mapping):
                return Found([entry for pair in node.entries for entry in _entries(*pair, json)], key.span, read.problems)
    return Found([], None, read.problems)


def _entries(key: yaml.Scalar, node: yaml.Node, json: bool) -> list[Entry]:
    scalars = [node] if isinstance(node, yaml.Scalar) else node.scalars if isinstance(node, yaml.Sequence) else []
    found = []
    for scalar in scalars:
        view = scalar.view
        if json and not scalar.style and scalar.text in _JSON_WORDS:
            view = scalar.span.source.view(_JSON_WORDS[scalar.text], scalar.view.pieces)
        found.append(
            Entry(key.text, key.span, view.whole(), key.span.source.span(key.span.start, max(key.span.end, scalar.span.end)))
        )
    return found


_JSON_WORDS = {"true": "1", "false": "0", "null": "0"}
