"""Fenced code blocks of Markdown documents, as pieces of other syntaxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from serveaudit.source import SourceFile, Span

_FENCE = re.compile(r"(?P<indent>(?:[ \t]|>|[-*+] |\d{1,9}[.)] )*)(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?P<text>.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*$")
_KIND = re.compile(r"(?:\{?(?:code-block|code|sourcecode)\}?\s+)?\{?\.?(?P<kind>[\w+#-]*)(?::(?P<title>[^\s{]+))?")
_TITLE = re.compile(r"""(?:title|filename|file|name)\s*=\s*(?:"([^"]+)"|'([^']+)'|([^\s"'}]+))""")
_FILE = r"~?[\w./@-]*?(?:\w\.[A-Za-z]\w{0,9}|/[\w-]+|\bDockerfile[\w.-]*|\bProcfile|\bCaddyfile)"
_COMMENT = re.compile(
    rf"\s*(?:#|//|;|--|<!--|/\*)+\s*(?:(?:file|filename|path)\s*:\s*)?({_FILE})\s*(?:-->|\*/)?\s*", re.IGNORECASE
)
_NAMED = re.compile(rf"[`*]+({_FILE})[`*]+")


@dataclass(frozen=True, slots=True)
class Embedded:
    """A block of code in a document. Blocks of one section belong together.

    kind     the fence's language in lower case; "" where it tells none
    view     the block's text, without its fence and indentation
    title    the file that the block is meant to be: by its fence, its first comment, the line before it or the heading; or ""
    heading  the nearest heading above
    section  counts the headings, so that two of the same text are two
    chapter  counts the headings of the first two levels, and `subject` is the text of that one
    fence    the line that opens the block
    """

    kind: str
    view: SourceFile
    title: str
    heading: str
    section: int
    fence: Span
    chapter: int = 0
    subject: str = ""


def parse(source: SourceFile) -> list[Embedded]:
    """The fenced blocks in written order; one that is never closed goes on to the end of the document."""
    lines = source.text.split("\n")
    starts = _starts(lines)
    found: list[Embedded] = []
    heading, section, chapter, subject, number = "", 0, 0, "", 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening:
            end = _end(lines, number, opening["fence"])
            runs = [_content(lines[at], starts[at], opening["indent"]) for at in range(number + 1, end)]
            view = source.lines_view(runs)
            title = _title(opening["info"], view.text, _before(lines, number), heading)
            kind = _KIND.match(opening["info"].strip())
            fence = source.span(starts[number], starts[number] + len(lines[number]))
            language = kind["kind"].lower() if kind else ""
            found.append(Embedded(language, view, title, heading, section, fence, chapter, subject))
            number = end
        elif text := _heading(lines, number):
            heading, section = text, section + 1
            if not lines[number].lstrip().startswith("###"):
                chapter, subject = section, text
        number += 1
    return found


def _starts(lines: list[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _end(lines: list[str], number: int, fence: str) -> int:
    """The line that closes the block; the number of lines where none does."""
    closing = re.compile(rf"[\s>]*{re.escape(fence[0])}{{{len(fence)},}}\s*$")
    return next((at for at in range(number + 1, len(lines)) if closing.match(lines[at])), len(lines))


def _content(line: str, start: int, indent: str) -> tuple[int, int]:
    """Where a line's text stands without the indentation, or the quote's marks, that its fence has too."""
    at = 0
    for char in indent:
        if at < len(line) and (line[at] == ">" if char == ">" else line[at] in " \t"):
            at += 1
    return start + at, start + len(line)


def _heading(lines: list[str], number: int) -> str:
    line = lines[number]
    found = _HEADING.match(line)
    if found:
        return found["text"]
    underlined = number + 1 < len(lines) and line.strip() and _UNDERLINE.match(lines[number + 1])
    return line.strip() if underlined and not _UNDERLINE.match(line) else ""


def _before(lines: list[str], number: int) -> str:
    """The last line of text that stands shortly before."""
    return next((line for line in reversed(lines[max(number - 2, 0) : number]) if line.strip()), "")


def _title(info: str, text: str, before: str, heading: str) -> str:
    kind = _KIND.match(info.strip())
    if kind and kind["title"]:
        return kind["title"]
    given = _TITLE.search(info)
    if given:
        return str(given[1] or given[2] or given[3])
    return next(_names(text, before, heading), "")


def _names(text: str, before: str, heading: str) -> Iterator[str]:
    """File names from the block's first lines, the line before it, and its heading."""
    for line in text.split("\n", 2)[:2]:
        comment = _COMMENT.fullmatch(line[:200])
        if comment:
            yield comment[1]
        if not line.startswith("#!"):
            break
    for line in (before, heading):
        yield from _NAMED.findall(line[:500])
        bare = re.fullmatch(rf"({_FILE}):?", line[:200].strip())
        if bare:
            yield bare[1]
