"""A chart's template as Helm would render it with the chart's own values; what can't be told stays in it as `{{ … }}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from serveaudit.formats import gotemplate
from serveaudit.formats.gotemplate import Action, Arm, Block, Text
from serveaudit.formats.yaml import Mapping
from serveaudit.formats.yaml import Sequence as List
from serveaudit.launch.kubernetes.evaluating import ROOT, Budget, Chart, Evaluator, Scope, TooMuch, members, unsure
from serveaudit.launch.kubernetes.functions import Found, truth
from serveaudit.source import Piece, SourceFile, standing_for
from serveaudit.values import Unknown, Value

_LONGEST, _DEEPEST = 400_000, 8
"""Characters, and templates in templates."""
_ONLY_MARK = re.compile(r"\s*\{\{[^\n]*\}\}\s*")
_BLOCK_SCALAR = re.compile(r"(?:^|[:\-]\s+)[|>][-+\d]*\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered template, as a view on it. `used` tells between which offsets something rests on values; `open` is an Unknown
    where parts are left out."""

    view: SourceFile
    used: tuple[tuple[int, int, Value[Any]], ...] = ()
    open: bool | Unknown = True


def render(source: SourceFile, chart: Chart) -> Rendered:
    """The template's text. One that is none, or is too much, is left as it is."""
    nodes = gotemplate.parse(source.text) if len(source.text) < _LONGEST else None
    if nodes is None:
        return Rendered(source, (), Unknown(f"{source.path} is a template whose blocks don't close"))
    renderer = _Renderer(chart, source.text, Budget())
    try:
        renderer.body(nodes, Scope(ROOT))
    except TooMuch:
        return Rendered(source, (), Unknown(f"{source.path} is a template that is too large to be filled in"))
    left_out = renderer.left_out
    why = Unknown(f"{source.path} has parts that only Helm can fill in", left_out) if left_out else True
    return Rendered(source.view(renderer.text, renderer.pieces), tuple(renderer.used), why)


@dataclass(slots=True)
class _Renderer:
    """Writes one template's text, or that of a named one for another."""

    chart: Chart
    source: str
    budget: Budget
    depth: int = 0
    text: str = ""
    pieces: list[Piece] = field(default_factory=list)
    used: list[tuple[int, int, Value[Any]]] = field(default_factory=list)
    left_out: str = ""

    @property
    def evaluator(self) -> Evaluator:
        return Evaluator(self.chart, self.budget, self.included)

    def body(self, nodes: Sequence[gotemplate.Node], scope: Scope) -> None:
        for node in nodes:
            self.budget.take()
            if isinstance(node, Text):
                self.keep(node.start, node.end)
            elif isinstance(node, Action):
                self.action(node, scope)
            else:
                self.block(node, scope)

    # what is written

    def keep(self, start: int, end: int) -> None:
        """A part of the template as it stands."""
        self.pieces.append(Piece(len(self.text), start, end - start))
        self._add(self.source[start:end])

    def keep_block(self, node: Block, indent: int) -> None:
        """A block as it stands, indented so that the text around it goes on behind it."""
        start = node.start
        for line in self.source[node.start : node.end].splitlines(keepends=True):
            if start > node.start and _indent(line) < indent:
                self._add(" " * (indent - _indent(line)))
            self.keep(start, start + len(line))
            start += len(line)

    def put(self, text: str, node: Action | Block, origins: Sequence[Value[Any]] = ()) -> None:
        """A text that stands for an action."""
        begin = len(self.text)
        self.pieces += standing_for(begin, len(text), node.start, node.end)
        self._add(text)
        self.used += [(begin, len(self.text), origin) for origin in origins]

    def _add(self, text: str) -> None:
        self.text += text
        if len(self.text) > _LONGEST:
            raise TooMuch

    def action(self, node: Action, scope: Scope) -> None:
        found = self.evaluator.evaluate(node.pipeline, scope)
        if node.assigns:
            scope.variables[node.assigns] = found
        elif _ONLY_MARK.fullmatch(found.text) and self._alone(node):
            mark = found.text.lstrip("\n")
            indent = _indent(mark) or len(self._line())
            if self._in_text(node, indent):
                self.put(found.text, node, found.origins)
            else:
                self.leave_out(node, mark.strip(), indent)
        else:
            self.put(found.text, node, found.origins)

    def leave_out(self, node: Action | Block, mark: str, indent: int, dash: str = "") -> None:
        """Something of which nothing is known, as a key, or a member of a list, that is a mark."""
        self.left_out = self.left_out or mark
        line = self._line()
        start = " " * (indent - len(line)) if not line.strip() and len(line) <= indent else "\n" + " " * indent
        self.put(f"{start}{dash}{mark}" + ("\n" if dash else ": \n"), node)

    def _line(self) -> str:
        return self.text[self.text.rfind("\n") + 1 :]

    def _alone(self, node: Action) -> bool:
        """Whether an action is all that its line is made of, or begins one of its own."""
        before, after = self.source[: node.start].rpartition("\n")[2], self.source[node.end :].partition("\n")[0]
        return "nindent" in node.pipeline or not (before.strip() or after.strip())

    def _in_text(self, node: Action | Block, indent: int) -> bool:
        """Whether what is indented like this here is of a block scalar (`nginx.conf: |`), whose text may be anything."""
        for line in reversed(self.source[: node.start].split("\n")[:-1]):
            if line.strip() and _indent(line) < indent and not line.lstrip().startswith("{{"):
                if _BLOCK_SCALAR.search(line):
                    return True
                indent = _indent(line)
        return False

    # blocks

    def block(self, node: Block, scope: Scope) -> None:
        if node.word == "define":
            return
        if node.word == "range":
            self.each(node, scope)
            return
        assumed: list[Value[Any]] = []
        for arm in node.arms:
            found = self.evaluator.evaluate(arm.pipeline, scope) if arm.pipeline is not None else Found(True)
            answer = truth(found) if node.word != "block" else Unknown("a template that others replace")
            if isinstance(answer, Unknown):
                self.undecided(node, scope)
                return
            assumed += [replace(origin, x=None, places=()) for origin in found.origins]
            if answer:
                inner = Scope(found, scope.variables) if node.word == "with" and arm.pipeline is not None else scope
                self.resting(arm, inner, assumed)
                return

    def resting(self, arm: Arm, scope: Scope, on: Sequence[Value[Any]]) -> None:
        """A part that is there because of values."""
        start = len(self.text)
        self.body(arm.body, scope)
        if on:
            self.used.append((start, len(self.text), Value(None).also(*on)))

    def each(self, node: Block, scope: Scope) -> None:
        """`range` over a list or a map of the values."""
        key_name, name, pipeline = gotemplate.range_names(node.arms[0].pipeline or "")
        found = self.evaluator.evaluate(pipeline, scope)
        if found.x is None or not isinstance(found.x, Mapping | List):
            if truth(found) is False:
                for other in node.arms[1:]:
                    self.body(other.body, scope)
            else:
                self.undecided(node, scope)
            return
        for key, member in members(found):
            inner = Scope(member, {**scope.variables, key_name: key, name: member})
            self.resting(node.arms[0], inner, [replace(origin, places=()) for origin in found.origins])

    def undecided(self, node: Block, scope: Scope) -> None:
        """A block of which it is not known whether, or how often, it is there: kept as written in a text, else left out."""
        mark = "{{ " + f"{node.word} {node.arms[0].pipeline}"[:280].replace("\n", " ") + " }}"
        if "\n" not in self.source[node.start : node.end]:
            self.put(mark, node)
            self.left_out = self.left_out or node.word
            return
        inside = next((line for arm in node.arms for line in self._lines(arm) if line.strip()), "")
        if self._in_text(node, _indent(inside)):
            self.keep_block(node, _indent(inside))
        else:
            self.leave_out(node, mark, _indent(inside), "- " if inside.lstrip().startswith("- ") else "")

    def _lines(self, arm: Arm) -> Iterator[str]:
        for node in arm.body:
            if isinstance(node, Text):
                yield from self.source[node.start : node.end].split("\n")[1:]

    def included(self, name: str, arguments: list[Found]) -> Found:
        """A named template's text; `tpl` of a text without marks is that text."""
        first = arguments[0] if arguments else Found(None)
        if name == "tpl":
            return first if first.sure and "{{" not in str(first.x) else unsure(f"tpl {first.spelled} .")
        about = " ".join((name, *("." if each is ROOT else each.spelled for each in arguments)))
        source, nodes = self.chart.defines.get(first.text, ("", None))
        if nodes is None or self.depth >= _DEEPEST:
            return unsure(about)
        inner = _Renderer(self.chart, source, self.budget, self.depth + 1)
        inner.body(nodes, Scope(arguments[1] if len(arguments) > 1 else Found(None)))
        return unsure(about) if inner.left_out else Found(inner.text, tuple(each for *_, each in inner.used))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
