"""The words of a shell script: from nodes of the grammar to parts with exact places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from serveaudit.formats.shell.tree import Arithmetic, Opaque, Output, Part, Statement, Text, Variable, Word
from serveaudit.source import SourceFile

if TYPE_CHECKING:
    from tree_sitter import Node

PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
"""A template's placeholder or statement: what it stands for can't be known."""
DEEPEST = 40
"""Expansions that are nested deeper are not read; Python's own stack is the limit."""

_IN_QUOTES = '$`"\\'
_IN_DOCUMENT = "$`\\"
_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "v": "\v",
}
_EXPANSIONS = frozenset(
    {"simple_expansion", "expansion", "command_substitution", "arithmetic_expansion", "process_substitution"}
)
_WORDS = _EXPANSIONS | {
    *(
        "word",
        "string",
        "raw_string",
        "ansi_c_string",
        "translated_string",
        "concatenation",
        "number",
        "regex",
        "extglob_pattern",
    ),
    *("test_operator", "variable_name", "special_variable_name", "brace_expression"),
}


class WordReader:
    """`statements` reads the commands of a substitution."""

    def __init__(self, source: SourceFile, statements: Callable[[Iterable[Node]], tuple[Statement, ...]]) -> None:
        self.source = source
        self.statements = statements
        self.depth = 0

    def word(self, node: Node) -> Word:
        return Word(self.parts(node), self.source.span(node.start_byte, node.end_byte))

    def words_in(self, node: Node) -> tuple[Word, ...]:
        """The words and operators of a test, in written order."""
        return tuple(self.word(leaf) for leaf in _leaves(node, _WORDS))

    def document(self, start: int, end: int, body: Node) -> tuple[Part, ...]:
        """The parts of a here-document that the shell expands."""
        return self.between(start, end, _expanded(body), True, _IN_DOCUMENT)

    def parts(self, node: Node, quoted: bool = False) -> tuple[Part, ...]:
        start, end = node.start_byte, node.end_byte
        if self.depth == DEEPEST:
            return (Opaque(self.source.text[start:end], self.source.span(start, end), quoted),)
        self.depth += 1
        found = self.quotation(node) if node.type in _QUOTATIONS else self.unquoted(node, quoted)
        self.depth -= 1
        return found

    def quotation(self, node: Node) -> tuple[Part, ...]:
        start, end, text = node.start_byte, node.end_byte, self.source.text
        if node.type == "translated_string":
            return self.parts(node.children[-1])
        if node.type == "raw_string":
            return (Text(text[start + 1 : end - 1], self.source.span(start + 1, max(start + 1, end - 1)), True),)
        if node.type == "ansi_c_string":
            return (Text(_ansi(text[start + 2 : end - 1]), self.source.span(start, end), True),)
        closed = node.child_count > 1 and node.children[-1].type == '"'
        inside = self.between(start + 1, end - 1 if closed else end, _expanded(node), True)
        return inside or (Text("", self.source.span(start + 1, start + 1), True),)

    def unquoted(self, node: Node, quoted: bool) -> tuple[Part, ...]:
        start, end = node.start_byte, node.end_byte
        span = self.source.span(start, end)
        if node.type == "simple_expansion":
            return (Variable(self.source.text[start + 1 : end], span, quoted),)
        if node.type == "expansion":
            return (self.expansion(node, quoted),)
        if node.type == "command_substitution":
            return (Output(self.statements(node.named_children), span, quoted),)
        if node.type == "arithmetic_expansion":
            return (Arithmetic(tuple(self.tokens(node)), span, quoted),)
        if node.type in ("process_substitution", "brace_expression", "array"):
            return (Opaque(span.text, span, quoted),)
        return self.between(start, end, _joined(node), quoted)

    def between(
        self, start: int, end: int, nodes: Iterable[Node], quoted: bool, escapable: str = _IN_QUOTES
    ) -> tuple[Part, ...]:
        """The parts of a run of the text: those of the nodes, and literal text in the gaps."""
        parts: list[Part] = []
        for node in nodes:
            parts += self.literal(start, node.start_byte, quoted, escapable)
            parts += self.parts(node, quoted)
            start = max(start, node.end_byte)
        return (*parts, *self.literal(start, end, quoted, escapable))

    def literal(self, start: int, end: int, quoted: bool, escapable: str) -> Iterator[Part]:
        """Text with its escapes taken away and a template's placeholders made opaque."""
        for hole in PLACEHOLDER.finditer(self.source.text, start, max(start, end)):
            yield from self.literal(start, hole.start(), quoted, escapable)
            yield Opaque(hole[0], self.source.span(hole.start(), hole.end()), quoted)
            start = hole.end()
        if start < end:
            text = unescaped(self.source.text[start:end], escapable if quoted else "")
            yield Text(text, self.source.span(start, end), quoted)

    def expansion(self, node: Node, quoted: bool) -> Variable:
        """`${NAME}`, `${NAME op operand}`. Source: Bash's manual, "Shell Parameter Expansion"."""
        span, children, op = self.source.span(node.start_byte, node.end_byte), node.children[1:], ""
        if len(children) > 1 and children[0].type in ("#", "!") and children[1].type != "}":
            op = "length" if children[0].type == "#" else "indirect"
            children = children[1:]
        named, rest = children[0], children[1:]
        name, bracket, index = self.source.text[named.start_byte : named.end_byte].partition("[")
        if bracket:
            op = op or ("all" if index[:1] in ("@", "*") else "index")
        if not rest or rest[0].type == "}":
            return Variable(name, span, quoted, op)
        start, end = rest[0].end_byte, node.end_byte - 1
        operand = Word(self.between(start, end, rest[1:-1], quoted), self.source.span(start, max(start, end)))
        return Variable(name, span, quoted, op or rest[0].type, operand)

    def tokens(self, node: Node) -> Iterator[str | Part]:
        for child in node.children[1:-1]:
            for leaf in _leaves(child, _EXPANSIONS):
                text = self.source.text[leaf.start_byte : leaf.end_byte]
                yield from self.parts(leaf) if leaf.type in _EXPANSIONS else (text,)


_QUOTATIONS = ("string", "raw_string", "ansi_c_string", "translated_string")


def unescaped(text: str, escapable: str = "") -> str:
    r"""The text without its backslashes: those before one of the escapable characters, or before any where there are none."""
    if "\\" not in text:
        return text
    pattern = rf"\\([{re.escape(escapable)}])" if escapable else r"\\(.)"
    return re.sub(pattern, r"\1", text.replace("\\\n", ""), flags=re.DOTALL)


def _leaves(node: Node, whole: frozenset[str]) -> Iterator[Node]:
    """The nodes below that have no parts, or whose type is not to be taken apart, in written order."""
    stack = [node]
    while stack:
        node = stack.pop()
        if node.type in whole or not node.children:
            yield node
        else:
            stack += reversed(node.children)


def _expanded(node: Node) -> list[Node]:
    return [child for child in node.children if child.type in _EXPANSIONS]


def _joined(node: Node) -> list[Node]:
    if node.type == "variable_assignment":
        value = node.child_by_field_name("value")
        return [value] if value else []
    return node.children if node.type in ("concatenation", "command_name") else _expanded(node)


def _ansi(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), text, flags=re.DOTALL)
