"""Draws docs/terminal.svg, the picture in README: a real run of serveaudit.

    python tools/screenshot.py [PATH]

Run it in the root of the repository after a change of the report. The picture is what a terminal of 100 columns shows.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from rich.console import Console

from serveaudit.audit import audit
from serveaudit.commands import shown
from serveaudit.config import load
from serveaudit.finding import Severity
from serveaudit.report import terminal, text
from serveaudit.report.frame import Page

WIDTH = 100


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "fixtures"
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
