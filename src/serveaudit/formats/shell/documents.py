"""What is hidden from the shell's grammar because it stumbles over it: here-documents, `${…}`, placeholders of templates."""

from __future__ import annotations

import re
from dataclasses import dataclass

PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
"""A template's placeholder or statement: what it stands for can't be known."""
LONGEST_EXPANSION = 2000

_OPERATOR = re.compile(
    r"""(?<![<$(\w])(?P<descriptor>\d?)<<(?P<tabs>-?)[ \t]*
        (?:'(?P<single>[^'\n]+)'|"(?P<double>[^"\n]+)"|(?P<plain>\\?[A-Za-z_][\w.-]*))""",
    re.VERBOSE,
)
_BRACE = re.compile(r"[{}\n]")


@dataclass(frozen=True, slots=True)
class Document:
    """A here-document: where its operator stands, and its text. `expanded`: variables in it are replaced; `tabs`: those before
    its lines are taken away (`<<-`)."""

    at: int
    start: int
    end: int
    expanded: bool
    tabs: bool


def documents(text: str) -> list[tuple[Document, re.Match[str], int]]:
    """The here-documents of a script in written order, each with its operator and the end of its last line."""
    found: list[tuple[Document, re.Match[str], int]] = []
    at = after = 0
    while operator := _OPERATOR.search(text, at):
        at = operator.end()
        line = text.rfind("\n", 0, operator.start()) + 1
        delimiter = operator["single"] or operator["double"] or operator["plain"].lstrip("\\")
        start = max(text.find("\n", at) + 1, after if after > at else 0)
        closing = re.compile(rf"^\t*{re.escape(delimiter)}$", re.MULTILINE).search(text, start) if start else None
        if closing is None or text[line : operator.start()].lstrip().startswith("#"):
            continue
        expanded = bool(operator["plain"]) and not operator["plain"].startswith("\\")
        document = Document(operator.start(), start, closing.start(), expanded, bool(operator["tabs"]))
        found.append((document, operator, closing.end()))
        after = closing.end() + 1
        if "<<" not in text[at : text.find("\n", at)]:
            at = closing.end()
    return found


def plain(text: str) -> tuple[str, dict[int, Document]]:
    """The text for the grammar, one byte for each character and each at its place: a here-document is a redirection from some
    file, `${…}` some variable, a placeholder some word. With it the here-documents, by where their operators stand."""
    found = documents(text)
    known = {document.at: document for document, _, _ in found}
    edits = []
    for document, operator, end in found:
        start = operator.start() + len(operator["descriptor"])
        edits.append((start, operator.end(), "<" + "x" * (operator.end() - start - 1)))
        edits.append((document.start, end, re.sub(r"[^\n]", " ", text[document.start : end])))
    masked, at = list[str](), 0
    for start, end, hidden in sorted(edits):
        masked += [text[at:start], hidden]
        at = end
    visible = PLACEHOLDER.sub(_placeholder, _with_choices("".join([*masked, text[at:]])))
    return re.sub(r"[^\x00-\x7f]", "x", _without_expansions(visible)), known


_CHOICE = re.compile(r"^[ \t]*\{%[-+]?\s*(?P<word>if|elif|else|endif)\b[^\n]*?%\}[ \t]*$", re.MULTILINE)
_CHOSEN = {"if": "if x;then", "elif": "elif x;then", "else": "else", "endif": "fi"}


def _with_choices(text: str) -> str:
    """A template's choices between whole lines as the shell's own, on a condition that is not known: `{% if a %}` has room
    enough for `if x;then`. Left alone where they are not closed one by one."""
    words = [found["word"] for found in _CHOICE.finditer(text)]
    if words.count("if") != words.count("endif"):
        return text
    return _CHOICE.sub(lambda found: _CHOSEN[found["word"]].ljust(len(found[0])), text)


def _placeholder(hole: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "x" if hole[0].startswith("{{") else " ", hole[0])


def _without_expansions(text: str) -> str:
    masked, at = list[str](), 0
    while (start := text.find("${", at)) >= 0:
        end = closing_brace(text, start + 2, min(len(text), start + LONGEST_EXPANSION))
        inside = text[start:end]
        if end < 0 or inside.count("'") % 2 or inside.count('"') % 2:
            masked.append(text[at : start + 2])
            at = start + 2
        else:
            masked.append(text[at:start] + "$" + "x" * (end - start))
            at = end + 1
    return "".join([*masked, text[at:]])


def closing_brace(text: str, at: int, limit: int) -> int:
    """Where the `}` stands that closes what was opened before, in the same line; -1 where there is none."""
    depth = 1
    for brace in _BRACE.finditer(text, at, limit):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return brace.start()
        if brace[0] == "\n":
            break
    return -1
