"""Helm's charts: which one a template belongs to, and what it is filled in with."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from serveaudit.formats import gotemplate
from serveaudit.formats.yaml import Mapping, Scalar, Yaml, parse, walk
from serveaudit.launch.kubernetes.evaluating import Chart, Near
from serveaudit.launch.kubernetes.rendering import Rendered, render
from serveaudit.source import Problem, SourceFile
from serveaudit.values import Unknown

_MOST_ORIGINS = 300


class Charts:
    """Reads the templates of charts as Helm would fill them in with the charts' own values."""

    def __init__(self, near: Near) -> None:
        self.near = near
        self._charts: dict[str, Chart] = {}

    def read(self, source: SourceFile) -> Yaml:
        """A manifest; that of a chart with its values in place."""
        folder = chart_of(source.path, self.near)
        if folder is None or "{{" not in source.text:
            return parse(source)
        rendered = render(source, self._chart(folder))
        document = parse(rendered.view)
        _tell_origins(document, rendered)
        if not isinstance(rendered.open, Unknown) or document.problems:
            return document
        return replace(document, problems=(Problem(source.line_span(1), rendered.open.why),))

    def _chart(self, folder: str) -> Chart:
        if folder not in self._charts:
            values, about = (_mapping(self.near(posixpath.join(folder, name))) for name in ("values.yaml", "Chart.yaml"))
            helpers = self.near(posixpath.join(folder, "templates/_helpers.tpl"))
            nodes = gotemplate.parse(helpers.text) if helpers else None
            defines = {name: (helpers.text, body) for name, body in _defines(nodes or [])} if helpers else {}
            self._charts[folder] = Chart(folder, values, about, self.near, defines)
        return self._charts[folder]


def chart_of(path: str, near: Near) -> str | None:
    """The directory of the chart that a template belongs to; None for a file that is none."""
    folder, found, _ = f"/{path}".rpartition("/templates/")
    chart = folder.lstrip("/")
    return chart if found and near(posixpath.join(chart, "Chart.yaml")) is not None else None


def _mapping(source: SourceFile | None) -> Mapping | None:
    return next(iter(parse(source).mappings), None) if source else None


def _defines(nodes: list[gotemplate.Node]) -> Iterator[tuple[str, list[gotemplate.Node]]]:
    for node in nodes:
        if isinstance(node, gotemplate.Block) and node.word == "define":
            yield (node.arms[0].pipeline or "").strip(' "`'), node.arms[0].body


def _tell_origins(document: Yaml, rendered: Rendered) -> None:
    """Lets every text know which values it rests on."""
    used: tuple[tuple[int, int, Any], ...] = rendered.used[:_MOST_ORIGINS]
    for root in document.documents if used else ():
        for node in walk(root):
            if isinstance(node, Scalar):
                start, end = node.span.start, max(node.span.end, node.span.start + 1)
                node.origins = tuple(value for begin, stop, value in used if begin < end and start < stop)
