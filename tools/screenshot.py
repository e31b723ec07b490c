"""Draws the pictures in README: docs/terminal.svg, a real run of serveaudit, and docs/map.svg, the map of a fixture.

    python tools/screenshot.py [PATH]

Run it in the root of the repository after a change of the report or of the map. The first picture is what a terminal of 100
columns shows.
"""

from __future__ import annotations

import io
import sys
from contextlib import chdir
from pathlib import Path

from rich.console import Console

from serveaudit.audit import audit
from serveaudit.commands import shown
from serveaudit.config import load
from serveaudit.finding import Severity
from serveaudit.report import svg, terminal, text
from serveaudit.report.frame import Page

WIDTH = 100
MAPPED = "fixtures/beside-the-proxy"


def main() -> None:
    draw_terminal(sys.argv[1] if len(sys.argv) > 1 else "fixtures")
    draw_map(MAPPED)


def draw_map(path: str) -> None:
    target = Path("docs/map.svg")
    with chdir(path):
        drawn = svg.render(audit(["."], load(Path.cwd())).map)
    target.write_text(drawn, "utf-8")
    print(f"{target}: {len(drawn)} bytes")


def draw_terminal(path: str) -> None:
    result = audit([path], load(Path(path)))
    lines = text.render(result, shown(result, Severity.INFO, possible=False), Page(WIDTH, screen=True))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    terminal.paint([[(f"$ serveaudit {path}", "title")], *lines], console)
    target = Path("docs/terminal.svg")
    target.parent.mkdir(exist_ok=True)
    target.write_text(console.export_svg(title="serveaudit"), "utf-8")
    print(f"{target}: {len(lines)} lines")


if __name__ == "__main__":
    main()
