"""From a YAML text to nodes, by way of libyaml's events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from serveaudit.formats.yaml.marks import hidden, shown
from serveaudit.formats.yaml.nodes import Mapping, Node, Scalar, Sequence
from serveaudit.source import Problem, SourceFile, Span

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)*")


@dataclass(frozen=True, slots=True)
class Yaml:
    """What a file holds: the root of each document that has one.

    template   "Helm" or "Jinja" where it is a template that is no YAML before it is filled in; "" for everything else
    """

    source: SourceFile
    documents: tuple[Node, ...]
    problems: tuple[Problem, ...] = ()
    template: str = ""

    @property
    def mappings(self) -> list[Mapping]:
        return [document for document in self.documents if isinstance(document, Mapping)]


def parse(source: SourceFile) -> Yaml:
    """The file's documents. What can't be read is a problem with its line; the documents before it are kept.

    `name: {{ x }}-web` is read as a template's engine would leave it: a text, in which `{{ x }}` still stands.
    """
    found = _parsed(source, source.text)
    if found.problems and "{{" in source.text and (again := _parsed(source, hidden(source.text))) and not again.problems:
        return again
    return found


def _parsed(source: SourceFile, text: str) -> Yaml:
    builder = _Builder(source)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.YAMLError as error:
        span = _error_span(source, error)
        template = _template(source, span.line)
        message = f"a {template} template, no YAML before it is filled in" if template else _message(error)
        return Yaml(source, tuple(builder.documents), (Problem(span, message),), template)
    except (RecursionError, ValueError) as error:
        return Yaml(source, tuple(builder.documents), (Problem(source.line_span(1), f"can't be read as YAML: {error}"),))
    return Yaml(source, tuple(builder.documents), tuple(builder.problems))


class _Builder:
    """Makes nodes out of events, with a stack of its own."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.documents: list[Node] = []
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node] = {}
        self.open: list[tuple[Sequence | Mapping, list[Node]]] = []

    def take(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.ScalarEvent):
            start = min(_after_properties(self.source.text, start, event), end)
            style = "" if event.style in (None, ":") else event.style
            self._add(Scalar(self.source.span(start, end), shown(event.value), style, event.tag or ""), event.anchor)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._enter(Sequence(self.source.span(start, end), tag=event.tag or ""), event.anchor)
        elif isinstance(event, yaml.MappingStartEvent):
            self._enter(Mapping(self.source.span(start, end), tag=event.tag or ""), event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._leave(end)
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._alias(event.anchor, self.source.span(start, end)))
        elif isinstance(event, yaml.DocumentStartEvent):
            self.anchors = {}

    def _alias(self, name: str | None, span: Span) -> Node:
        node = self.anchors.get(name or "")
        if node is None:
            self.problems.append(Problem(span, f"there is no anchor &{name}"))
        elif any(node is container for container, _ in self.open):
            self.problems.append(Problem(span, f"*{name} stands inside of what it means"))
        else:
            return node
        return Scalar(span, "")

    def _enter(self, node: Sequence | Mapping, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = node
        self.open.append((node, []))

    def _leave(self, end: int) -> None:
        node, children = self.open.pop()
        flow = self.source.text[end - 1 : end] in ("]", "}") and end > node.span.start
        last = end if flow else max((child.span.end for child in children), default=node.span.end)
        node.span = self.source.span(node.span.start, max(last, node.span.start))
        if isinstance(node, Sequence):
            node.items = children
        else:
            node.entries = [(_key(key), value) for key, value in zip(children[::2], children[1::2], strict=False)]
        if node.span.text.startswith("{{") and any(not isinstance(key, Scalar) for key in children[::2]):
            self._add(Scalar(node.span, node.span.text))  # an unquoted {{ placeholder }}
        else:
            self._add(node)

    def _add(self, node: Node, anchor: str | None = None) -> None:
        if anchor:
            self.anchors[anchor] = node
        if self.open:
            self.open[-1][1].append(node)
        elif not (isinstance(node, Scalar) and node.null):
            self.documents.append(node)


def _key(node: Node) -> Scalar:
    return node if isinstance(node, Scalar) else Scalar(node.span, node.span.text, "?")


def _after_properties(text: str, start: int, event: Any) -> int:
    """Where the scalar itself starts, after its anchor and tag."""
    found = _PROPERTIES.match(text, start) if event.anchor or event.tag else None
    return found.end() if found else start


_JINJA = re.compile(r"\{%|\{#")
_HELM = re.compile(r"\{\{-?\s*(?:\.|\$|include\b|if\b|range\b|with\b|define\b|template\b|end\b|toYaml\b|/\*)")


def _template(source: SourceFile, line: int) -> str:
    """What kind of template the text is, seen from the line where it ceased to be YAML."""
    if _HELM.search(source.text):
        return "Helm"
    around = "\n".join(source.line_text(number) for number in (line - 1, line, line + 1))
    return "Jinja" if _JINJA.search(source.text) or "{{" in around else ""


def _message(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or "no YAML")


def _error_span(source: SourceFile, error: yaml.YAMLError) -> Span:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return source.line_span(mark.line + 1 if mark else 1)
