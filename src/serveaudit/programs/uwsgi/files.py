"""uWSGI's configuration files, of whatever syntax, as one list of keys and texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from serveaudit.formats import ini, xml, yaml
from serveaudit.programs.uwsgi.conditions import Guard
from serveaudit.source import Problem, SourceFile, Span

SUFFIXES = (".ini", ".xml", ".yaml", ".yml", ".json", ".js")
"""What a file must end with that is named without telling its syntax (core/uwsgi.c, uwsgi_opt_load)."""
_KINDS = {".xml": "xml", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".js": "json"}
_LIBYAML = Guard("uWSGI's YAML", "uWSGI is built with libyaml", "uWSGI is built without libyaml")
_OWN_YAML = Guard(_LIBYAML.on, _LIBYAML.other, _LIBYAML.label)


@dataclass(frozen=True, slots=True)
class Written:
    """A key and its text. `value` is where the text stands, `line` all of it; `guard` says on which choice it hangs."""

    key: str
    text: str
    value: Span
    line: Span
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The section's options in order, and its head: None where there is no such section."""

    options: list[Written]
    head: Span | None
    problems: tuple[Problem, ...] = ()


def kind(option: str, path: str) -> str:
    """The syntax of a file that an option names: ini, yaml, json or xml."""
    if option in ("ini", "ini-paste", "ini-paste-logged"):
        return "ini"
    if option in ("yaml", "yml", "json", "js", "xml", "xmlconfig"):
        return {"yml": "yaml", "js": "json", "xmlconfig": "xml"}.get(option, option)
    return next((kind for suffix, kind in _KINDS.items() if path.endswith(suffix)), "ini")


_TELLING = re.compile(
    r"^\s*\[uwsgi\]|^uwsgi:\s*(#.*)?$|^\s*<uwsgi\b|"
    r'^\s*\{?\s*"uwsgi"\s*:\s*\{\s*"[\w-]+"\s*:\s*(?!\[\s*[\[{])[^{\s]',  # in JSON options are plain values, or lists of such
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


def options(source: SourceFile, kind: str, section: str) -> Found:
    """The options of one section; "" for the usual one."""
    return _READERS[kind](source, section)


def _ini(source: SourceFile, section: str) -> Found:
    section = section or "uwsgi"
    read = ini.parse(source, "uwsgi")
    head = next((each.head for each in read.sections if each.name == section and each.entries), None)
    found = [Written(entry.name, entry.value.text, entry.value, entry.line) for entry in read.entries(section)]
    return Found(found, head, read.problems)


def _yaml(source: SourceFile, section: str) -> Found:
    """uWSGI reads YAML with libyaml, or, as pip builds it, line by line on its own: then a list, a name without a value, or
    a deeper line ends the section without a word, and quotes stay. What both read alike is sure (core/yaml.c)."""
    section = section or "uwsgi"
    full = _nodes(source, section)
    if full.head is None:
        return full
    own = list(_by_line(source, section))
    alike = len(list(takewhile(_alike, zip(full.options, own, strict=False))))
    differing = [
        *(replace(each, guard=_LIBYAML) for each in full.options[alike:]),
        *(replace(each, guard=_OWN_YAML) for each in own[alike:]),
    ]
    return replace(full, options=[*full.options[:alike], *differing])


def _alike(pair: tuple[Written, Written]) -> bool:
    one, other = pair
    return (one.key, one.text) == (other.key, other.text)


def _by_line(source: SourceFile, section: str) -> Iterator[Written]:
    """The section as uWSGI's own reader takes it: whatever it does not understand is the end."""
    inside = False
    for number in range(1, source.text.count("\n") + 2):
        line = source.line_text(number).partition("#")[0]
        key = line.lstrip(" \t\r")
        deeper = len(key) < len(line)
        if not key:
            continue
        if not inside:
            inside = not deeper and key[0] not in "-[{" and ":" in key and key.partition(":")[0] == section
            continue
        colon = max(line.find(": "), 0) or line.find(":\t")
        if not deeper or key[0] in "-[{" or colon < 0:
            return
        start = source.offset(number)
        value = _stripped(source.span(start + colon + 2, start + len(line)))
        yield Written(line[:colon].strip(" \t\r"), value.text, value, source.line_span(number))


def _stripped(span: Span) -> Span:
    start = span.start + len(span.text) - len(span.text.lstrip(" \t\r"))
    return span.source.span(start, max(start, span.start + len(span.text.rstrip(" \t"))))


def _json(source: SourceFile, section: str) -> Found:
    """JSON is read as the YAML that it is. Only texts, whole numbers, true, false and null count (core/json.c)."""
    return _nodes(source, section or "uwsgi", _JSON_WORDS)


def _nodes(source: SourceFile, section: str, words: dict[str, str] | None = None) -> Found:
    """A mapping below the section's name; a list gives its key several times. `words`: all that counts without quotes, but for
    whole numbers."""
    read = yaml.parse(source)
    for mapping in read.mappings:
        for key, node in mapping.entries:
            if key.text == section and isinstance(node, yaml.Mapping):
                found = [option for pair in node.entries for option in _options(*pair, words)]
                return Found(found, key.span, read.problems)
    return Found([], None, read.problems)


def _options(key: yaml.Scalar, node: yaml.Node, words: dict[str, str] | None) -> Iterator[Written]:
    scalars = [node] if isinstance(node, yaml.Scalar) else node.scalars if isinstance(node, yaml.Sequence) else []
    for scalar in scalars:
        text: str | None = scalar.text
        if words is not None and not scalar.style and not re.fullmatch(r"-?\d+", scalar.text):
            text = words.get(scalar.text)
        if text is None or not scalar.span.text:
            continue
        line = key.span.source.span(key.span.start, max(key.span.end, scalar.span.end))
        yield Written(key.text, text, scalar.view.whole(), line)


_JSON_WORDS = {"true": "1", "false": "0", "null": "0"}


def _xml(source: SourceFile, section: str) -> Found:
    """The outermost <uwsgi>, or the first one below another element that has the wanted id, or none (core/xmlconf.c)."""
    read = xml.parse(source)
    if read.root is None:
        return Found([], None, read.problems)
    choices = [read.root] if read.root.name == "uwsgi" else list(_meant(read.root.elements, section, "uwsgi"))
    if not choices:
        return Found([], None)
    return Found([_element(each) for each in _meant(choices[0].elements, section)], choices[0].span, read.problems)


def _meant(elements: Iterable[xml.Element], section: str, name: str = "") -> Iterator[xml.Element]:
    named = (each for each in elements if name in ("", each.name))
    return (each for each in named if not section or each.attributes.get("id", section) == section)


def _element(element: xml.Element) -> Written:
    """An element's first text; without one it is 1. <app> mounts an application."""
    text = next((each for each in element.content[:1] if isinstance(each, xml.Text)), None)
    value = text.span if text else element.span
    key, said = element.name, text.text if text else "1"
    if key == "app" and text:
        mountpoint = element.attributes.get("mountpoint", "")
        key, said = "mount", f"{mountpoint}={said}" if mountpoint else said
    return Written(key, said, value, element.span)


_READERS: dict[str, Callable[[SourceFile, str], Found]] = {"ini": _ini, "yaml": _yaml, "json": _json, "xml": _xml}
