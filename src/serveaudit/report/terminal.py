"""Where a report is written to: colours or none, how wide, and a reader that may have gone away."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TextIO

from serveaudit.report.frame import Line, Page
from serveaudit.report.text import plain

if TYPE_CHECKING:
    from rich.console import Console

Colour = Literal["auto", "always", "never"]

_STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
    "title": "bold",
    "gutter": "bold blue",
    "context": "bold blue",
    "note": "bold",
}


def coloured(choice: Colour, stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether to write colours: the option, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then what the stream is."""
    if choice != "auto":
        return choice == "always"
    if env.get("NO_COLOR"):
        return False
    if any(env.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return stream.isatty() and env.get("TERM") != "dumb"


def page(stream: TextIO, env: Mapping[str, str]) -> Page:
    """How wide the stream is: $COLUMNS, else the terminal, else as wide as a long line of code."""
    ellipsis = "…" if "utf" in (stream.encoding or "utf-8").lower() else "..."
    columns = env.get("COLUMNS", "")
    width = int(columns) if columns.isascii() and columns.isdigit() and len(columns) < 6 else 0
    screen = stream.isatty()
    if screen and not width:
        try:
            width = os.get_terminal_size(stream.fileno()).columns
        except OSError:
            width = 80
    return Page(max(width, 40), screen, ellipsis) if width else Page(ellipsis=ellipsis)


def write(lines: Sequence[Line], stream: TextIO, colours: bool) -> None:
    """Writes lines of runs. Rich is imported for colours only."""
    write_text(_painted(lines) if colours else plain(lines), stream)


def write_text(text: str, stream: TextIO) -> None:
    """Writes a text. Characters that the stream can't encode are escaped; a closed pipe is no error."""
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def paint(lines: Sequence[Line], console: Console) -> None:
    """Prints lines of runs on a console of Rich, as plain text with styles: never as markup."""
    from rich.text import Text

    for line in lines:
        text = Text(no_wrap=True, overflow="ignore", end="\n")
        for run, style in line:
            text.append(run, _STYLES.get(style))
        console.print(text, soft_wrap=True)


def _painted(lines: Sequence[Line]) -> str:
    """The lines with colours, as text for a terminal."""
    from rich.console import Console

    console = Console(force_terminal=True, color_system="standard", no_color=False, highlight=False)
    with console.capture() as capture:
        paint(lines, console)
    return capture.get()
