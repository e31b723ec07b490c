"""Go's text templates, as Helm writes them: texts, actions and blocks; and the pipelines of an action.

Source: Go's manual, package text/template. Nothing is evaluated here.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

_COMMENT = re.compile(r"\{\{(?:-\s)?\s*/\*")
_ELSE_IF = re.compile(r"^(?:if|with)\b\s*")
_LEFT, _RIGHT = re.compile(r"-\s"), re.compile(r"\s-\Z")
_WORD = re.compile(r"(\w+)\b\s*(.*)", re.DOTALL)
_ASSIGN = re.compile(r"(\$\w*)\s*:?=\s*(.*)", re.DOTALL)
_RANGE = re.compile(r"(?:(\$\w+)\s*,\s*)?(\$\w+)\s*:=\s*(.*)", re.DOTALL)
_OPENS = ("if", "with", "range", "define", "block")
_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"(?:\\.|[^\"\\])*\"|`[^`]*`)|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<path>\$\w*(?:\.\w+)*|\.(?:\w+(?:\.\w+)*)?)"
    r"|(?P<name>\w+)|(?P<mark>[()|]))"
)
_LONGEST, _DEEPEST = 1000, 20
"""Characters of a pipeline, and brackets in brackets in it."""
_DEEPEST_BLOCK = 40


@dataclass(frozen=True, slots=True)
class Text:
    """A run of the text that stands as it is; what `{{-` and `-}}` trim is none of it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Action:
    """`{{ pipeline }}`, or `{{ $name := pipeline }}` with its name."""

    start: int
    end: int
    pipeline: str
    assigns: str = ""


@dataclass(slots=True)
class Arm:
    """A part of a block, on the condition of its pipeline; an `else` without one has None."""

    pipeline: str | None
    body: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """`if`, `with`, `range`, `define` or `block`; its arms, the first with what stands behind the word."""

    start: int
    end: int
    word: str
    arms: list[Arm]


Node = Text | Action | Block


def parse(text: str) -> list[Node] | None:
    """The nodes of a template; None for one whose actions or blocks don't close, or are nested too deeply."""
    body: list[Node] = []
    blocks: list[Block] = []
    at, trims = 0, False
    while (start := text.find("{{", at)) >= 0:
        end = _end_of_action(text, start)
        if end < 0:
            return None
        inside = text[start + 2 : end - 2]
        before, after = _LEFT.match(inside) is not None, _RIGHT.search(inside) is not None
        _add_text(_body(body, blocks), text, (at, start), trims, before)
        at, trims = end, after
        if not _take(inside[before : len(inside) - after].strip(), (start, end), body, blocks):
            return None
    _add_text(_body(body, blocks), text, (at, len(text)), trims, False)
    return None if blocks else body


def _end_of_action(text: str, start: int) -> int:
    """Behind its `}}`; -1 for one that does not end. A comment may hold anything."""
    comment = _COMMENT.match(text, start)
    closed = text.find("*/", comment.end()) if comment else start
    end = text.find("}}", closed) if closed >= 0 else -1
    return end + 2 if end >= 0 else -1


def _body(body: list[Node], blocks: list[Block]) -> list[Node]:
    return blocks[-1].arms[-1].body if blocks else body


def _add_text(body: list[Node], text: str, run: tuple[int, int], left: bool, right: bool) -> None:
    start, end = run
    part = text[start:end]
    start += len(part) - len(part.lstrip()) if left else 0
    end -= len(part) - len(part.rstrip()) if right else 0
    if start < end:
        body.append(Text(start, end))


def _take(inside: str, span: tuple[int, int], body: list[Node], blocks: list[Block]) -> bool:
    """Puts an action where it belongs; False where it ends or divides nothing."""
    start, end = span
    word = _WORD.match(inside)
    keyword, rest = (word[1], word[2]) if word else ("", "")
    if keyword in _OPENS:
        block = Block(start, end, keyword, [Arm(rest)])
        _body(body, blocks).append(block)
        blocks.append(block)
        return len(blocks) < _DEEPEST_BLOCK
    if keyword in ("end", "else") and not blocks:
        return False
    if keyword == "end":
        blocks.pop().end = end
    elif keyword == "else":
        blocks[-1].arms.append(Arm(_ELSE_IF.sub("", rest) if rest else None))
    elif inside and not inside.startswith("/*"):
        assigned = _ASSIGN.fullmatch(inside)
        name, pipeline = (assigned[1], assigned[2]) if assigned else ("", inside)
        _body(body, blocks).append(Action(start, end, pipeline, name))
    return True


def range_names(pipeline: str) -> tuple[str, str, str]:
    """The variables of `range $key, $value := pipeline` (empty where there are none), and the pipeline."""
    found = _RANGE.fullmatch(pipeline)
    return (found[1] or "", found[2], found[3]) if found else ("", "", pipeline)


@dataclass(frozen=True, slots=True)
class Literal:
    x: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Path:
    """`.Values.a`, `$.Values.a`, `$name.a`: `root` is empty for the dot, `$`, or a variable's name."""

    root: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """A function."""

    name: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Calls, each with its words; the last word of a call is what the one before it gives."""

    calls: tuple[tuple[Operand, ...], ...]


Operand = Literal | Path | Name | Pipeline
_WORDS = {"true": True, "false": False, "nil": None}


def pipeline(text: str) -> Pipeline | None:
    """A pipeline's calls; None for what can't be read, or is longer than a person writes."""
    if len(text) > _LONGEST:
        return None
    stack: list[list[list[Operand]]] = [[[]]]
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or (found["mark"] == "(" and len(stack) > _DEEPEST):
            return None
        at = found.end()
        if found["mark"] == "(":
            stack.append([[]])
        elif found["mark"] == "|":
            stack[-1].append([])
        elif found["mark"] == ")":
            if len(stack) == 1:
                return None
            inner = stack.pop()
            stack[-1][-1].append(Pipeline(tuple(map(tuple, inner))))
        else:
            stack[-1][-1].append(_operand(found))
    calls = tuple(map(tuple, stack[0]))
    return Pipeline(calls) if len(stack) == 1 and all(calls) else None


def _operand(found: re.Match[str]) -> Operand:
    if found["text"]:
        return Literal(_unquoted(found["text"]))
    if found["number"]:
        return Literal(float(found["number"]) if "." in found["number"] else int(found["number"]))
    if found["path"]:
        root, *keys = found["path"].split(".")
        return Path(root, tuple(filter(None, keys)))
    return Literal(_WORDS[found["name"]]) if found["name"] in _WORDS else Name(found["name"])


def _unquoted(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    try:
        return str(ast.literal_eval(text))
    except (SyntaxError, ValueError):
        return text[1:-1]
