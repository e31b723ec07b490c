"""Files that a script writes: what `echo`, `printf`, `cat <<EOF` and `envsubst` print, and where it goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from serveaudit.following.expansion import Expander
from serveaudit.following.views import aligned, composed
from serveaudit.formats.shell.tree import Redirect, Simple, Text, Word
from serveaudit.source import Piece, SourceFile, Span
from serveaudit.values import Unknown, Value

Chunk = tuple[str, Span]
"""A part of a printed text, and what it comes from."""
Read = Callable[[Value[Any]], SourceFile | Unknown | None]

_ESCAPE = re.compile(r"\\(n|t|r|\\|0?[0-7]{1,3}|c)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


def printed(command: Simple, argv: Sequence[Value[Any]], expander: Expander, read: Read, shell: str) -> list[Chunk] | None:
    """What a command prints, in parts; None where it can't be told. What is not known stays as it is written."""
    name = argv[0].x if argv else ""
    words = [word for word in command.words[1:] if word.literal is None or not re.fullmatch(r"-[neE]+", word.literal)]
    flags = "".join(word.literal or "" for word in command.words[1:] if word not in words)
    document = here_document(command.redirects, expander)
    if name == "echo":
        escapes = "e" in flags or shell in ("sh", "dash", "ash")
        end = [] if "n" in flags else [("\n", _end(command))]
        return [*_spaced([_chunks(word, expander, escapes) for word in words], " "), *end]
    if name == "printf" and words:
        return _formatted(words, expander)
    if name == "cat" and document is not None and len(words) <= 1:
        return document
    if name in ("cat", "envsubst"):
        return _filtered(name, words, command, expander, read)
    return None


def here_document(redirects: Sequence[Redirect], expander: Expander) -> list[Chunk] | None:
    """The text of the last here-document or here-string; None without one."""
    for redirect in reversed(redirects):
        if redirect.operator in ("<<", "<<-"):
            chunks = _chunks(redirect.target, expander, escapes=False)
            return list(_without_tabs(chunks)) if redirect.operator == "<<-" else chunks
        if redirect.operator == "<<<":
            return [*_chunks(redirect.target, expander, escapes=False), ("\n", _after(redirect.target.span))]
    return None


def _chunks(word: Word, expander: Expander, escapes: bool) -> list[Chunk]:
    """The parts of a word; a part that is not known stays as it is written."""
    chunks: list[Chunk] = []
    for part in word.parts:
        if isinstance(part, Text):
            chunks += _unescaped(part) if escapes else [(part.text, part.span)]
        else:
            value = expander.part(part).x
            chunks.append((value if isinstance(value, str) else part.span.text, part.span))
    return chunks


def is_open(chunk: Chunk) -> bool:
    """Whether a part is a variable, or what a command prints, that is not known and stays as it is written."""
    text, span = chunk
    return text == span.text and re.fullmatch(r"\$\w+|\$[{(].*[)}]|`.*`", text, re.DOTALL) is not None


def _unescaped(part: Text) -> Iterator[Chunk]:
    r"""A text whose `\n` and `\t` are replaced when it is printed."""
    written = _places(part)
    at = 0
    for escape in _ESCAPE.finditer(part.text):
        yield part.text[at : escape.start()], written(at, escape.start())
        code = escape[1]
        octal = code.lstrip("0") if code[0] in "01234567" else ""
        character = _ESCAPES.get(code) or (chr(int(octal or "0", 8)) if code[0] in "01234567" else "")
        yield character, written(escape.start(), escape.end())
        at = escape.end()
    yield part.text[at:], written(at, len(part.text))


def _places(part: Text) -> Callable[[int, int], Span]:
    """Where a run of a literal text is written."""
    runs = aligned(part.span.text, part.text)

    def written(start: int, end: int) -> Span:
        begin = _offset(runs, start, closing=False)
        return part.span.source.span(part.span.start + begin, part.span.start + max(begin, _offset(runs, end, closing=True)))

    return written


def _offset(runs: Sequence[tuple[int, int, int, int]], at: int, closing: bool) -> int:
    for inner, raw, length, written in runs:
        if at < inner + length or (closing and at == inner + length):
            return raw + (at - inner if length == written else written if closing and at > inner else 0)
    return runs[-1][1] + runs[-1][3] if runs else 0


def _spaced(words: Sequence[list[Chunk]], gap: str) -> list[Chunk]:
    chunks: list[Chunk] = []
    for number, word in enumerate(words):
        if number and word:
            start = word[0][1]
            chunks.append((gap, start.source.span(start.start, start.start)))
        chunks += word
    return chunks


def _formatted(words: Sequence[Word], expander: Expander) -> list[Chunk] | None:
    """`printf 'text\\n'`, `printf '%s\\n' one two`."""
    form, rest = _chunks(words[0], expander, escapes=True), [_chunks(word, expander, escapes=False) for word in words[1:]]
    text = "".join(content for content, _ in form)
    if "%" not in text.replace("%%", ""):
        return [(content.replace("%%", "%"), span) for content, span in form]
    if text in ("%s", "%s\n", "%b\n", "%b", "%s\\n") and rest:
        end = "\n" if text.endswith("\n") else ""
        return [chunk for word in rest for chunk in (*word, *([(end, word[-1][1])] if word and end else []))]
    return None


def _filtered(name: str, words: Sequence[Word], command: Simple, expander: Expander, read: Read) -> list[Chunk] | None:
    """`cat file`, `envsubst '$PORT' < template`."""
    given = [redirect.target for redirect in command.redirects if redirect.operator == "<"]
    files = given if name == "envsubst" else [*words, *given]
    found = [read(expander.one(file)) for file in files]
    texts = [text for text in found if isinstance(text, SourceFile)]
    if not texts or len(texts) != len(found):
        return None
    chunks = [(text.text, text.whole()) for text in texts]
    return [each for chunk in chunks for each in _substituted(chunk, words, expander)] if name == "envsubst" else chunks


def _substituted(chunk: Chunk, words: Sequence[Word], expander: Expander) -> Iterator[Chunk]:
    """A template with its variables replaced: all of them, or those that are named."""
    named = {one or other for word in words for one, other in _VARIABLE.findall(word.literal or "")} if words else None
    return substituted(chunk, lambda name: expander.plain(name).x if named is None or name in named else None)


def substituted(chunk: Chunk, known: Callable[[str], object]) -> Iterator[Chunk]:
    """A template with those of its variables replaced whose text is known, as envsubst does."""
    text, span = chunk
    at = 0
    for variable in _VARIABLE.finditer(text):
        value = known(variable[1] or variable[2])
        if isinstance(value, str):
            yield text[at : variable.start()], span.source.span(span.start + at, span.start + variable.start())
            yield value, span.source.span(span.start + variable.start(), span.start + variable.end())
            at = variable.end()
    yield text[at:], span.source.span(span.start + at, span.end)


def _without_tabs(chunks: Sequence[Chunk]) -> Iterator[Chunk]:
    """The lines of a `<<-` document without the tabs before them."""
    fresh = True
    for content, span in chunks:
        if content != span.text:
            yield content, span
        else:
            at = 0
            for line in content.splitlines(keepends=True):
                tabs = len(line) - len(line.lstrip("\t")) if fresh else 0
                yield line[tabs:], span.source.span(span.start + at + tabs, span.start + at + len(line))
                at, fresh = at + len(line), line.endswith("\n")
        fresh = content.endswith("\n")


def _end(command: Simple) -> Span:
    return _after(command.words[-1].span)


def _after(span: Span) -> Span:
    return span.source.span(span.end, span.end)


def text_of(chunks: Sequence[Chunk], before: SourceFile | None = None) -> SourceFile | Unknown:
    """The written text as a view on what it comes from; behind what was in the file before."""
    kept = [(content, span) for content, span in chunks if content]
    if len({id(span.outermost.source) for _, span in kept}) > 1:
        return Unknown("its text is put together from several files")
    text = composed(kept)
    if before is None or not kept:
        return before or text
    outer, pieces = (before.outer, before.pieces) if before.outer else (before, (Piece(0, 0, len(before.text)),))
    if text.outer is not outer:
        return Unknown("its text is put together from several files")
    moved = (replace(piece, inner=piece.inner + len(before.text)) for piece in text.pieces)
    return outer.view(before.text + text.text, (*pieces, *moved))


_SUBSTITUTION = re.compile(
    r"s(?P<mark>[^\w\s\\])(?P<old>(?:\\.|(?!(?P=mark)).)*)(?P=mark)(?P<new>(?:\\.|(?!(?P=mark)).)*)(?P=mark)(?P<flags>g?)"
)


def edited(source: SourceFile, scripts: Sequence[Value[Any]]) -> SourceFile | None:
    """A text after sed's `s/old/new/`, where `old` is plain text; None for anything else that sed can do."""
    for script in scripts:
        found = _SUBSTITUTION.fullmatch(script.x) if isinstance(script.x, str) else None
        if found and re.fullmatch(r"\\(r|x0[dD])\$?", found["old"]):
            continue  # a text has no carriage returns here
        old, new = (re.sub(r"\\([^\w])", r"\1", found[name]) for name in ("old", "new")) if found else ("", "")
        if (
            not found
            or not old
            or re.search(r"(?<!\\)[*\[\]^$+?]|\\\w", found["old"])
            or re.search(r"(?<!\\)&|\\\w", found["new"])
        ):
            return None
        source = _replaced(source, old, new, bool(found["flags"]))
    return source


def _replaced(source: SourceFile, old: str, new: str, everywhere: bool) -> SourceFile:
    """Each line with the first, or every, occurrence replaced."""
    chunks: list[Chunk] = []
    at, line_end = 0, -1
    while (start := source.text.find(old, at)) >= 0:
        fresh = everywhere or start > line_end
        end = start + len(old)
        chunks.append((source.text[at:start], source.span(at, start)))
        chunks.append((new if fresh else old, source.span(start, end)))
        line_end = source.text.find("\n", end) % (len(source.text) + 1)
        at = end
    chunks.append((source.text[at:], source.span(at, len(source.text))))
    return composed([chunk for chunk in chunks if chunk[0]])
