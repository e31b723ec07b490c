"""The chapter on choosing a server: tables, in Markdown that fits into 80 columns of a terminal, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from serveaudit.choosing import Table, advice, seen, tables
from serveaudit.report.frame import Line

WIDTH = 80


def render(proofs: Mapping[str, Any]) -> list[Line]:
    """The chapter. `proofs` is what the runs of the proofs have written."""
    lines: list[Line] = [
        [("# Choosing a server", "title")],
        [],
        [("Which server suits which need, as measured on the real servers.", "text")],
    ]
    for table in tables():
        lines += [[], [(f"## {table.title}", "note")], [], *_grid(table), [], *_below(table, proofs)]
    for each in advice():
        lines += [[], [(f"## {each.need}", "note")], []]
        lines += [line for sentence in each.sentences for line in _item(sentence)]
    return lines


def _grid(table: Table) -> Iterator[Line]:
    rows = [("server", *table.columns), *((server.name, *(cell.text for cell in cells)) for server, cells in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        yield [(f"| {' | '.join(text.ljust(width) for text, width in zip(row, widths, strict=True))} |", "text")]
        if number == 0:
            yield [(f"|{'|'.join('-' * (width + 2) for width in widths)}|", "text")]


def _below(table: Table, proofs: Mapping[str, Any]) -> Iterator[Line]:
    """What the words in a table mean, and what was seen on which versions."""
    for note in table.notes:
        yield from _item(note)
    for proof, columns in table.proofs.items():
        versions = ", ".join(f"{program} {version}" for program, version in seen(proof, proofs).items()) or "nothing yet"
        yield from _item(f"{', '.join(columns)}: seen on {versions} (`{proof.partition('::')[2]}`)")


def _item(text: str) -> Iterator[Line]:
    rows = wrap(text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return ([(row, "text")] for row in rows)
