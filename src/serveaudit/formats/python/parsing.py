"""From text to a syntax tree, and from the tree's nodes back to spans."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from serveaudit.source import Problem, SourceFile, Span

_TEMPLATE = re.compile(r"\{%-?\s*\w+|\{\{\s*[\w.|\"' ]+\s*\}\}|<%|\$\{\w+\}")
_PYTHON_2 = re.compile(
    r"^\s*print\s+[^(=\s]|^\s*except\s+[\w.]+\s*,\s*\w+\s*:|^\s*exec\s+[\"']|^\s*raise\s+\w+\s*,", re.MULTILINE
)


def parse(source: SourceFile) -> ast.Module | Problem:
    """The tree; or the problem that keeps the text from being read as Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.text.replace("\r", " "))
    except SyntaxError as error:
        return Problem(_error_span(source, error), _syntax_message(source.text, error))
    except (RecursionError, MemoryError):
        return Problem(source.line_span(1), "nested too deeply to be read as Python")
    except ValueError as error:
        return Problem(source.line_span(1), f"not Python: {error}")


class Spans:
    """Spans of nodes. `ast` counts columns in bytes of UTF-8, not in characters."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self._known: dict[ast.AST, Span] = {}

    def of(self, node: ast.AST) -> Span:
        """A node's text; for a def or class without its decorators, as `ast` has it."""
        span = self._known.get(node)
        if span is None:
            span = self._known[node] = self._of(node)
        return span

    def _of(self, node: ast.AST) -> Span:
        if not isinstance(node, ast.expr | ast.stmt | ast.keyword | ast.alias | ast.arg | ast.excepthandler | ast.pattern):
            return self.source.whole()
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self.source.span(self._offset(node.lineno, node.col_offset), self._offset(end_line, end_column))

    def name_of(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Span:
        """The name in `def name` or `class name`."""
        span = self.of(node)
        found = re.compile(rf"\b{re.escape(node.name)}\b").search(self.source.text, span.start, span.end)
        return self.source.span(*found.span()) if found else span

    def between(self, start: ast.AST, end: ast.AST) -> Span:
        return self.source.span(self.of(start).start, self.of(end).end)

    def _offset(self, line: int, column: int) -> int:
        start = self.source.offset(line)
        text = self.source.line_text(line)
        if not text.isascii():
            column = len(text.encode()[:column].decode(errors="replace"))
        return min(start + column, len(self.source.text))


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """The node and everything in it, in the order of the text; however deep, without recursion."""
    stack = [node]
    while stack:
        each = stack.pop()
        yield each
        stack.extend(reversed(_parts(each)))


def walk_here(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Everything in a body, but not what stands in functions, lambdas and classes inside of it."""
    stack: list[ast.AST] = list(reversed(body))
    while stack:
        each = stack.pop()
        yield each
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            stack.extend(reversed(_parts(each)))


def _parts(node: ast.AST) -> list[ast.AST]:
    """What stands in a node, in order; without its operators and contexts, which are no text of their own."""
    parts: list[ast.AST] = []
    for name in node._fields:
        part = getattr(node, name, None)
        if isinstance(part, list):
            parts += [each for each in part if isinstance(each, ast.AST)]
        elif isinstance(part, ast.AST) and part._fields:
            parts.append(part)
    return parts


def bound_names(body: list[ast.stmt]) -> Iterator[str]:
    """The names that statements bind, those of functions inside of them left out."""
    for node in walk_here(body):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((alias.asname or alias.name).partition(".")[0] for alias in names if alias.name != "*")


def changed_names(body: list[ast.stmt]) -> Iterator[str]:
    """The names whose values statements may change in place: by setting a part of them, or by a method."""
    for node in walk_here(body):
        match node:
            case ast.Attribute() | ast.Subscript() if isinstance(node.ctx, ast.Store | ast.Del):
                yield from _root(node)
            case ast.Call(func=ast.Attribute(value=value)):
                yield from _root(value)


def _root(node: ast.expr) -> Iterator[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _error_span(source: SourceFile, error: SyntaxError) -> Span:
    line = error.lineno or 1
    if not error.offset or line > source.text.count("\n") + 1:
        return source.line_span(line)
    start = source.offset(line, min(error.offset, len(source.line_text(line)) + 1))
    if error.end_lineno == line and error.end_offset and error.end_offset > error.offset:
        end = source.offset(line, min(error.end_offset, len(source.line_text(line)) + 1))
    else:
        end = start + 1
    return source.span(start, max(start, min(end, len(source.text))))


def _syntax_message(text: str, error: SyntaxError) -> str:
    if _TEMPLATE.search(text):
        return "a template, not Python yet"
    if _PYTHON_2.search(text):
        return "written for Python 2"
    return f"not valid Python: {error.msg}"
