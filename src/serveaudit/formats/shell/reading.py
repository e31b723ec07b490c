"""Reads a shell script with tree-sitter's grammar of Bash, which reads what it can of a text with mistakes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import PurePosixPath
from time import monotonic
from typing import TYPE_CHECKING, Literal

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
from serveaudit.formats.shell.words import DEEPEST, PLACEHOLDER, WordReader
from serveaudit.source import Problem, SourceFile, Span

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LARGEST = 1 << 17
"""Characters: a longer text is no script that a person wrote."""
LONGEST = 3.0
"""Seconds: the grammar's way out of some mistakes is quadratic."""

_SHEBANG = re.compile(r"#!\s*(?P<program>\S+)(?:[ \t]+(?:-S[ \t]*)?(?P<argument>[^\s-]\S*))?")


def interpreter(text: str) -> str:
    """The program that a text's first line names: `bash` of `#!/usr/bin/env bash`; empty without such a line."""
    found = _SHEBANG.match(text)
    if not found:
        return ""
    program = PurePosixPath(found["program"]).name
    return PurePosixPath(found["argument"]).name if program == "env" and found["argument"] else program


def parse(source: SourceFile) -> Script:
    """The script's statements. What can't be read is a problem; the rest is read."""
    root = _root(_plain(source.text)) if len(source.text) <= LARGEST else None
    if root is None:
        return Script(source, (), (Problem(source.span(0, 0), "too long or too tangled for a script that a person wrote"),))
    reader = _Reader(source)
    body = reader.statements(root.children)
    if root.has_error and not reader.problems:
        reader.problems.append(Problem(source.span(0, 0), "not a shell script, or one with many mistakes"))
    return Script(source, body, tuple(reader.problems), interpreter(source.text))


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


def _plain(text: str) -> bytes:
    """The text with one byte for each character, so that the grammar's byte offsets are ours, with a template's placeholders
    as plain letters or, where they are statements, white space."""
    text = PLACEHOLDER.sub(lambda hole: re.sub(r"[^\n]", "x" if hole[0].startswith("{{") else " ", hole[0]), text)
    return (text if text.isascii() else re.sub(r"[^\x00-\x7f]", "x", text)).encode()


class _Reader:
    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.words = WordReader(source, self.statements)
        self.problems: list[Problem] = []
        self.depth = 0

    def span(self, node: Node) -> Span:
        return self.source.span(node.start_byte, node.end_byte)

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
        self, words: Iterable[Node], span: Span, assigned: tuple[Assignment, ...] = (), redirects: tuple[Redirect, ...] = ()
    ) -> Simple:
        return Simple(tuple(self.words.word(node) for node in words), span, assigned, redirects)

    def read_declaration_command(self, node: Node) -> tuple[Statement, ...]:
        return (self.simple(self.without_errors(node), self.span(node)),)

    read_unset_command = read_declaration_command

    def read_test_command(self, node: Node) -> tuple[Statement, ...]:
        return (Simple(self.words.words_in(node), self.span(node)),)

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
        array = tuple(self.words.word(child) for child in value.named_children) if value and value.type == "array" else None
        word = self.words.word(value) if value and array is None else None
        return Assignment(name, word, self.span(node), array, any(child.type == "+=" for child in node.children), bool(index))

    def without_errors(self, node: Node) -> list[Node]:
        """A command's parts; what the grammar does not allow in it is a problem."""
        wrong = [child for child in node.children if child.is_error or child.is_missing]
        self.problems += [Problem(self.span(child), "the shell's grammar does not allow this here") for child in wrong]
        return [child for child in node.children if child not in wrong]

    # Redirections

    def redirects(self, nodes: Iterable[Node]) -> tuple[Redirect, ...]:
        return tuple(redirect for node in nodes if node.type in _REDIRECTS for redirect in self.redirect(node))

    def redirect(self, node: Node) -> list[Redirect]:
        operator, descriptor = "", ""
        found: list[Redirect] = []
        for child in node.children:
            if child.type == "file_descriptor":
                descriptor = self.span(child).text
            elif not child.is_named and not operator:
                operator = child.type
            elif child.type in _REDIRECTS:
                found += self.redirect(child)
            elif child.type == "heredoc_body" or (node.type != "heredoc_redirect" and not found):
                target = self.here_document(node, child) if child.type == "heredoc_body" else self.words.word(child)
                found.append(Redirect(operator, target, self.span(node), descriptor))
        return found

    def here_document(self, node: Node, body: Node) -> Word:
        """The document, from the beginning of its first line: the grammar leaves out the tabs that `<<-` takes away."""
        marks = {child.type: child for child in node.children}
        start = self.source.text.rfind("\n", 0, body.start_byte) + 1
        end = self.source.text.rfind("\n", 0, marks["heredoc_end"].start_byte) + 1 if "heredoc_end" in marks else body.end_byte
        span, delimiter = self.source.span(start, max(start, end)), self.span(marks["heredoc_start"]).text
        if re.search(r"[;&|)]$", delimiter):
            self.problems.append(Problem(self.span(marks["heredoc_start"]), "the end of this here-document can't be told"))
        if re.search(r"['\"\\]", delimiter):
            return Word((Text(span.text, span, True),), span)
        return Word(self.words.document(start, span.end, body), span)

    def read_redirected_statement(self, node: Node) -> tuple[Statement, ...]:
        """Redirections belong to the last command before them; a here-document also hides what follows on its line."""
        body = node.child_by_field_name("body")
        inner = self.statement(body) if body else (Simple((), self.span(node)),)
        if not inner:
            return ()
        target = _redirected(inner[-1], self.redirects(node.children), self.span(node))
        for child in node.children:
            if child.type == "heredoc_redirect":
                target = self.after_here_document(target, child)
        return *inner[:-1], target

    def after_here_document(self, target: Statement, node: Node) -> Statement:
        """`cat <<EOF | tee x`, `cat <<EOF && next`."""
        for child in node.children:
            if child.type == "pipeline":
                stages = tuple(self.statements(child.named_children))
                target = Pipeline((target, *stages), target.span)
            elif child.type in ("&&", "||"):
                following = node.child_by_field_name("right")
                right = self.statement(following) if following else ()
                target = AndOr(target, tuple((_operator(child), each) for each in right), target.span)
        return target

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
        return (Pipeline(self.statements(node.named_children), self.span(node)),)

    def read_negated_command(self, node: Node) -> tuple[Statement, ...]:
        return tuple(Not(body, self.span(node)) for body in self.statements(node.named_children))

    def read_compound_statement(self, node: Node) -> tuple[Statement, ...]:
        if node.children and node.children[0].type == "((":
            return (Simple(self.words.words_in(node), self.span(node)),)
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
        return (Case(self.words.word(subject), arms, self.span(node)),) if subject else ()

    def arm(self, node: Node) -> Arm:
        patterns = node.children_by_field_name("value")
        body = [child for child in node.children if child not in patterns]
        return Arm(tuple(self.words.word(pattern) for pattern in patterns), self.statements(body), self.span(node))

    def read_for_statement(self, node: Node) -> tuple[Statement, ...]:
        name, values = node.child_by_field_name("variable"), node.children_by_field_name("value")
        words = tuple(self.words.word(value) for value in values)
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


_REDIRECTS = ("file_redirect", "heredoc_redirect", "herestring_redirect")


def _operator(node: Node) -> Literal["&&", "||"]:
    return "||" if node.type == "||" else "&&"


def _redirected(statement: Statement, redirects: tuple[Redirect, ...], span: Span) -> Statement:
    if isinstance(statement, Simple):
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
