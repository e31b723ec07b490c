"""Reads a shell script with tree-sitter's grammar of Bash, which reads what it can of a text with mistakes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import PurePosixPath
from time import monotonic
from typing import TYPE_CHECKING, Literal

from serveaudit.formats.shell.documents import Document, plain
from serveaudit.formats.shell.tree import (
    AndOr,
    Arm,
    Assignment,
    Background,
    Case,
    Function,
    Group,
    If,
    Loop,
    Not,
    Pipeline,
    Redirect,
    Script,
    Simple,
    Statement,
    Text,
    Word,
)
from serveaudit.formats.shell.words import WordReader
from serveaudit.source import Problem, SourceFile, Span

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LARGEST = 1 << 17
"""Characters: a longer text is no script that a person wrote."""
DEEPEST = 30
"""Statements that are nested deeper are not read; Python's own stack is the limit."""
SUBSTITUTION = 5
"""How many levels `$(…)` counts for."""
LONGEST = 3.0
"""Seconds: the grammar's way out of some mistakes is quadratic."""

_SHEBANG = re.compile(r"#!\s*(?P<program>\S+)(?:[ \t]+(?:-S[ \t]*)?(?P<argument>[^\s-]\S*))?")
_PREFIXES = ("env", "with-contenv")


def interpreter(text: str) -> str:
    """The program that a text's first line names: `bash` of `#!/usr/bin/env bash`; empty without such a line."""
    found = _SHEBANG.match(text)
    if not found:
        return ""
    program = PurePosixPath(found["program"]).name
    return PurePosixPath(found["argument"]).name if program in _PREFIXES and found["argument"] else program


def parse(source: SourceFile) -> Script:
    """The script's statements. What can't be read is a problem; the rest is read."""
    problems: list[Problem] = []
    body = _statements(source, problems, 0)
    statement = re.search(r"\{%.*?%\}", source.text)
    if statement:
        problems.append(Problem(source.span(*statement.span()), "a template: what its statements leave out is not known"))
    return Script(source, body, tuple(problems), interpreter(source.text))


def _statements(source: SourceFile, problems: list[Problem], depth: int) -> tuple[Statement, ...]:
    if depth >= DEEPEST:
        problems.append(Problem(source.whole(), "nested too deeply to be read"))
        return ()
    text, documents = plain(source.text) if len(source.text) <= LARGEST else ("", {})
    root = _root(text.encode()) if text or not source.text else None
    if root is None:
        problems.append(Problem(source.span(0, 0), "too long or too tangled for a script that a person wrote"))
        return ()
    reader = _Reader(source, documents, problems, depth)
    before = len(problems)
    body = reader.statements(root.children)
    if root.has_error and len(problems) == before:
        problems.append(Problem(source.span(0, 0), "not a shell script, or one with many mistakes"))
    return body


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def _root(text: bytes) -> Node | None:
    """The tree's root; None where the grammar does not come to an end with the text."""
    end = monotonic() + LONGEST
    try:
        return _parser().parse(lambda at, _: text[at : at + 65536], progress_callback=lambda *_: monotonic() > end).root_node
    except ValueError:
        _parser().reset()
        return None


class _Reader:
    def __init__(self, source: SourceFile, documents: dict[int, Document], problems: list[Problem], depth: int) -> None:
        self.source = source
        self.documents = documents
        self.problems = problems
        self.depth = depth
        self.words = WordReader(source, lambda view: _statements(view, problems, self.depth + SUBSTITUTION))

    def span(self, node: Node) -> Span:
        return self.source.span(node.start_byte, node.end_byte)

    def word(self, node: Node) -> Word:
        return self.words.word(node.start_byte, node.end_byte)

    def words_in(self, node: Node) -> tuple[Word, ...]:
        """The words and operators of a test, in written order."""
        stack, found = [node], list[Word]()
        while stack:
            node = stack.pop()
            if node.type in _WORDS or not node.children:
                found.append(self.word(node))
            else:
                stack += reversed(node.children)
        return tuple(found)

    def statements(self, nodes: Iterable[Node]) -> tuple[Statement, ...]:
        """The statements among the nodes, in order, each with the `&` behind it."""
        found: list[Statement] = []
        if self.depth >= DEEPEST:
            return ()
        self.depth += 1
        for node in nodes:
            if node.type == "&" and found:
                found[-1] = Background(found[-1], self.source.span(found[-1].span.start, node.end_byte))
            else:
                found += self.statement(node)
        self.depth -= 1
        return tuple(found)

    def statement(self, node: Node) -> tuple[Statement, ...]:
        if self.depth == DEEPEST and node.child_count:
            self.problems.append(Problem(self.span(node), "nested too deeply to be read"))
            return ()
        if node.is_error or node.is_missing:
            self.problems.append(Problem(self.span(node), "the shell's grammar does not allow this here"))
            return self.statements(node.children)
        read = getattr(self, f"read_{node.type}", None)
        return read(node) if read and node.is_named else ()

    # Simple commands

    def read_command(self, node: Node) -> tuple[Statement, ...]:
        children = self.without_errors(node)
        assigned = [child for child in children if child.type == "variable_assignment"]
        words = [child for child in children if child.type not in ("variable_assignment", *_REDIRECTS)]
        redirects = self.redirects(children)
        if assigned and words and "\n" in self.source.text[assigned[-1].end_byte : words[0].start_byte].replace("\\\n", ""):
            # The grammar takes two assignments on a line of their own for the beginning of the next line's command.
            alone = Simple((), self.source.span(node.start_byte, assigned[-1].end_byte), self.assignments(assigned))
            return alone, self.simple(words, self.source.span(words[0].start_byte, node.end_byte), (), redirects)
        return (self.simple(words, self.span(node), self.assignments(assigned), redirects),)

    def simple(
        self, nodes: Iterable[Node], span: Span, assigned: tuple[Assignment, ...] = (), redirects: tuple[Redirect, ...] = ()
    ) -> Simple:
        """A command of these words. The grammar takes `a\\ b` apart where quotes come before it."""
        bounds: list[tuple[int, int]] = []
        for node in nodes:
            gap = self.source.text[bounds[-1][1] : node.start_byte] if bounds else " "
            if gap == "" or gap.startswith("\\ "):
                bounds[-1] = (bounds[-1][0], node.end_byte)
            else:
                bounds.append((node.start_byte, node.end_byte))
        return Simple(tuple(self.words.word(start, end) for start, end in bounds), span, assigned, redirects)

    def read_declaration_command(self, node: Node) -> tuple[Statement, ...]:
        return (self.simple(self.without_errors(node), self.span(node)),)

    read_unset_command = read_declaration_command

    def read_test_command(self, node: Node) -> tuple[Statement, ...]:
        return (Simple(self.words_in(node), self.span(node)),)

    def read_variable_assignment(self, node: Node) -> tuple[Statement, ...]:
        return (Simple((), self.span(node), self.assignments([node])),)

    def read_variable_assignments(self, node: Node) -> tuple[Statement, ...]:
        return (Simple((), self.span(node), self.assignments(node.named_children)),)

    def read_file_redirect(self, node: Node) -> tuple[Statement, ...]:
        return (Simple((), self.span(node), (), self.redirects([node])),)

    def assignments(self, nodes: Iterable[Node]) -> tuple[Assignment, ...]:
        return tuple(self.assignment(node) for node in nodes if node.type == "variable_assignment")

    def assignment(self, node: Node) -> Assignment:
        named, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        name, _, index = (self.span(named).text if named else "").partition("[")
        array = tuple(self.word(child) for child in _parts(value)) if value and value.type == "array" else None
        word = self.words.word(value.start_byte, node.end_byte) if value and array is None else None
        return Assignment(name, word, self.span(node), array, any(child.type == "+=" for child in node.children), bool(index))

    def without_errors(self, node: Node) -> list[Node]:
        """A command's parts; what the grammar does not allow in it is a problem, and, in the same line, most likely a word."""
        wrong = [child for child in node.children if child.is_error or child.is_missing]
        self.problems += [Problem(self.span(child), "the shell's grammar does not allow this here") for child in wrong]
        lost = [child for child in wrong if child.is_missing or child.start_point[0] != child.end_point[0]]
        return [child for child in node.children if child not in lost and child.type != "comment"]

    # Redirections

    def redirects(self, nodes: Iterable[Node]) -> tuple[Redirect, ...]:
        return tuple(redirect for node in nodes if node.type in _REDIRECTS for redirect in self.redirect(node))

    def redirect(self, node: Node) -> Iterator[Redirect]:
        parts = {("operator" if not child.is_named else child.type): child for child in reversed(node.children)}
        descriptor = self.span(parts["file_descriptor"]).text if "file_descriptor" in parts else ""
        operator = parts.get("operator")
        document = self.documents.get(node.start_byte) or self.documents.get(operator.start_byte if operator else -1)
        if document:
            yield Redirect("<<-" if document.tabs else "<<", self.here_document(document), self.span(node), descriptor)
        elif node.type == "heredoc_redirect":
            self.problems.append(Problem(self.span(node), "a here-document without an end"))
        elif operator and node.children[-1].end_byte > operator.end_byte:
            yield Redirect(operator.type, self.word(node.children[-1]), self.span(node), descriptor)

    def here_document(self, document: Document) -> Word:
        if document.expanded:
            return self.words.document(document.start, document.end)
        span = self.source.span(document.start, document.end)
        return Word((Text(span.text, span, True),), span)

    def read_redirected_statement(self, node: Node) -> tuple[Statement, ...]:
        """Redirections belong to the last command before them."""
        body = node.child_by_field_name("body")
        inner = self.statement(body) if body else (Simple((), self.span(node)),)
        if not inner:
            return ()
        return *inner[:-1], _redirected(inner[-1], self.redirects(node.children), self.span(node))

    # Compound commands

    def read_list(self, node: Node) -> tuple[Statement, ...]:
        """The grammar nests long lists to the left; they are read from the right so that their length does not matter."""
        rest: list[tuple[Literal["&&", "||"], Statement]] = []
        first = node
        while first.type == "list" and first.child_count >= 3:
            rest += [(_operator(first.children[1]), each) for each in reversed(self.statement(first.children[-1]))]
            first = first.children[0]
        heads = self.statement(first)
        if not heads:
            return tuple(each for _, each in reversed(rest))
        return *heads[:-1], AndOr(heads[-1], tuple(reversed(rest)), self.source.span(heads[-1].span.start, node.end_byte))

    def read_pipeline(self, node: Node) -> tuple[Statement, ...]:
        stages = self.statements(node.named_children)
        if stages and isinstance(stages[0], Not):  # `!` is for the whole of it
            inner = self.source.span(stages[0].body.span.start, node.end_byte)
            return (Not(Pipeline((stages[0].body, *stages[1:]), inner), self.span(node)),)
        return (Pipeline(stages, self.span(node)),)

    def read_negated_command(self, node: Node) -> tuple[Statement, ...]:
        return tuple(Not(body, self.span(node)) for body in self.statements(node.named_children))

    def read_compound_statement(self, node: Node) -> tuple[Statement, ...]:
        if node.children and node.children[0].type == "((":
            return (Simple(self.words_in(node), self.span(node)),)
        return (Group(self.statements(node.children), self.span(node)),)

    def read_subshell(self, node: Node) -> tuple[Statement, ...]:
        return (Group(self.statements(node.children), self.span(node), subshell=True),)

    def read_if_statement(self, node: Node) -> tuple[Statement, ...]:
        branches, otherwise = [self.branch(node)], tuple[Statement, ...]()
        for child in node.children:
            if child.type == "elif_clause":
                branches.append(self.branch(child))
            elif child.type == "else_clause":
                otherwise = self.statements(child.children)
        return (If(tuple(branches), otherwise, self.span(node)),)

    def branch(self, node: Node) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
        at = next((n for n, child in enumerate(node.children) if child.type == "then"), len(node.children))
        body = [child for child in node.children[at:] if child.type not in ("elif_clause", "else_clause")]
        return self.statements(node.children[:at]), self.statements(body)

    def read_case_statement(self, node: Node) -> tuple[Statement, ...]:
        subject = node.child_by_field_name("value")
        arms = tuple(self.arm(child) for child in node.named_children if child.type == "case_item")
        return (Case(self.word(subject), arms, self.span(node)),) if subject else ()

    def arm(self, node: Node) -> Arm:
        patterns = node.children_by_field_name("value")
        body = [child for child in node.children if child not in patterns]
        return Arm(tuple(self.word(pattern) for pattern in patterns), self.statements(body), self.span(node))

    def read_for_statement(self, node: Node) -> tuple[Statement, ...]:
        name, values = node.child_by_field_name("variable"), node.children_by_field_name("value")
        words = tuple(self.word(value) for value in values)
        given = any(child.type == "in" for child in node.children)
        kind: Literal["for", "other"] = "for" if node.children[0].type == "for" else "other"
        return (Loop(kind, self.body(node), self.span(node), self.span(name).text if name else "", words if given else None),)

    def read_c_style_for_statement(self, node: Node) -> tuple[Statement, ...]:
        return (Loop("other", self.body(node), self.span(node)),)

    def read_while_statement(self, node: Node) -> tuple[Statement, ...]:
        kind: Literal["while", "until"] = "until" if node.children[0].type == "until" else "while"
        condition = self.statements(child for child in node.children if child.type != "do_group")
        return (Loop(kind, self.body(node), self.span(node), condition=condition),)

    def body(self, node: Node) -> tuple[Statement, ...]:
        body = node.child_by_field_name("body")
        return self.statements(body.children) if body else ()

    def read_function_definition(self, node: Node) -> tuple[Statement, ...]:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        return (Function(self.span(name).text, self.statement(body), self.span(node)),) if name and body else ()


_WORDS = frozenset(
    {
        *("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion", "process_substitution"),
        *("word", "string", "raw_string", "ansi_c_string", "translated_string", "concatenation", "number", "regex"),
        *("extglob_pattern", "test_operator", "variable_name", "special_variable_name", "brace_expression"),
    }
)
_REDIRECTS = ("file_redirect", "heredoc_redirect", "herestring_redirect")


def _parts(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


def _operator(node: Node) -> Literal["&&", "||"]:
    return "||" if node.type == "||" else "&&"


def _redirected(statement: Statement, redirects: tuple[Redirect, ...], span: Span) -> Statement:
    if isinstance(statement, Simple):
        span = span.source.span(max(span.start, statement.span.start) if statement.words else span.start, span.end)
        return Simple(statement.words, span, statement.assignments, (*statement.redirects, *redirects))
    if isinstance(statement, Pipeline) and statement.stages:
        return Pipeline((*statement.stages[:-1], _redirected(statement.stages[-1], redirects, span)), statement.span)
    if isinstance(statement, AndOr) and statement.rest:
        operator, last = statement.rest[-1]
        rest = (*statement.rest[:-1], (operator, _redirected(last, redirects, span)))
        return AndOr(statement.first, rest, statement.span)
    if isinstance(statement, Not):
        return Not(_redirected(statement.body, redirects, span), statement.span)
    if isinstance(statement, Group):
        return Group(statement.body, statement.span, statement.subshell, (*statement.redirects, *redirects))
    return Group((statement,), span, redirects=redirects)
