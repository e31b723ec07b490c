"""What the expressions of a chart's templates give, as far as the chart itself tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from serveaudit.formats import gotemplate
from serveaudit.formats.gotemplate import Literal, Name, Operand, Path, Pipeline
from serveaudit.formats.yaml import Mapping, Scalar
from serveaudit.launch.kubernetes.functions import Found, call, plain
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value

Near = Callable[[str], SourceFile | None]
"""A file of the repository by its path; None where there is none."""
_MOST_STEPS = 5000
"""Nodes and calls gone through for one file."""
_CHART_KEYS = {"Name": "name", "Version": "version", "AppVersion": "appVersion"}
ROOT = Found("the chart itself")


class TooMuch(Exception):
    """A template that takes more than a person's would."""


@dataclass(slots=True)
class Budget:
    """What may still be gone through. `take` raises TooMuch when it is used up."""

    left: int = _MOST_STEPS

    def take(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooMuch


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart's templates see: its values, its Chart.yaml, its named templates, each with the text that it stands in, and
    the files beside them."""

    folder: str
    values: Mapping | None
    about: Mapping | None
    near: Near
    defines: dict[str, tuple[str, list[gotemplate.Node]]] = field(default_factory=dict)


@dataclass(slots=True)
class Scope:
    """What a template sees where it is: the dot, and its variables."""

    dot: Found
    variables: dict[str, Found] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Reads expressions. `include` writes a named template's text."""

    chart: Chart
    budget: Budget
    include: Callable[[str, list[Found]], Found]

    def evaluate(self, written: str, scope: Scope) -> Found:
        pipeline = gotemplate.pipeline(written)
        return self.pipeline(pipeline, scope) if pipeline else unsure(" ".join(written.split()))

    def pipeline(self, pipeline: Pipeline, scope: Scope) -> Found:
        given: list[Found] = []
        for words in pipeline.calls:
            self.budget.take()
            given = [self.called(words, given, scope)]
        return given[0]

    def called(self, words: tuple[Operand, ...], given: list[Found], scope: Scope) -> Found:
        first, *rest = words
        arguments = [*(self.operand(word, scope) for word in rest), *given]
        if isinstance(first, Name):
            if first.name in ("include", "tpl", "template"):
                return self.include(first.name, arguments)
            return call(first.name, arguments)
        if isinstance(first, Path) and arguments:
            return self.method(first, arguments)
        return self.operand(first, scope)

    def operand(self, word: Operand, scope: Scope) -> Found:
        if isinstance(word, Literal):
            return Found(word.x)
        if isinstance(word, Pipeline):
            return self.pipeline(word, scope)
        if isinstance(word, Name):
            return call(word.name, ())
        start = ROOT if word.root == "$" else scope.dot if not word.root else scope.variables.get(word.root, unsure(word.root))
        return self.field(start, word.keys)

    def field(self, found: Found, keys: tuple[str, ...]) -> Found:
        """What lies at a path of keys."""
        if not keys:
            return found
        if found is ROOT:
            return self.of_root(keys)
        if isinstance(found.x, Unknown):
            return unsure(".".join((found.x.about, *keys)))
        node = found.x.at(*keys) if isinstance(found.x, Mapping) else None
        return Found(plain(node), found.origins)

    def of_root(self, keys: tuple[str, ...]) -> Found:
        name = "." + ".".join(keys)
        if keys[0] == "Values":
            node = self.chart.values.at(*keys[1:]) if self.chart.values else None
            if node is None:
                return Found(None, (Value(None, (), (f"{name} is not set",)),))
            return Found(plain(node), (Value(None, (_place(node),), (f"{name} is not overridden",)),))
        if keys[0] == "Chart" and len(keys) == 2 and keys[1] in _CHART_KEYS and self.chart.about:
            return Found(plain(self.chart.about.get(_CHART_KEYS[keys[1]])))
        return unsure(name)

    def method(self, path: Path, arguments: list[Found]) -> Found:
        """`.Files.Get "nginx.conf"`: a file of the chart."""
        if path.keys == ("Files", "Get") and isinstance(arguments[0].x, str):
            file = self.chart.near(f"{self.chart.folder}/{arguments[0].x}".lstrip("/"))
            if file is not None:
                return Found(file.text, (Value(None, (Place(file.whole()),)),))
        return unsure(" ".join(("." + ".".join(path.keys), *(each.spelled for each in arguments))))


def unsure(about: str) -> Found:
    """What only Helm can tell."""
    return Found(Unknown("only Helm knows it", about))


def members(found: Found) -> Iterator[tuple[Found, Found]]:
    """A list's or map's members, each with its number or key."""
    if isinstance(found.x, Mapping):
        for key, node in found.x.items():
            yield Found(key.text), Found(plain(node), _told(node))
    else:
        for number, node in enumerate(found.x.items):
            yield Found(number), Found(plain(node), _told(node))


def _told(node: Any) -> tuple[Value[Any], ...]:
    return (Value(None, (_place(node),)),)


def _place(node: Any) -> Place:
    return node.place if isinstance(node, Scalar) else Place(node.span)
