"""Colours, widths, encodings and pipes."""

import io
import re
import subprocess
import sys

import pytest
from report_samples import GIVES_UP, at, finding, result

from serveaudit.report import terminal, text
from serveaudit.report.frame import Page
from serveaudit.source import SourceFile


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "screen", "env", "expected"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", True, {"TERM": "dumb"}, False),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", False, {"FORCE_COLOR": "0"}, False),
        ("auto", False, {"CLICOLOR_FORCE": "1"}, True),
        ("auto", False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_are_written_when_wanted(choice: terminal.Colour, screen: bool, env: dict[str, str], expected: bool) -> None:
    assert terminal.coloured(choice, Screen() if screen else io.StringIO(), env) is expected


def test_the_width_is_columns_or_the_terminal_or_a_long_line() -> None:
    assert terminal.page(io.StringIO(), {}) == Page(140)
    assert terminal.page(io.StringIO(), {"COLUMNS": "100"}) == Page(100)
    assert terminal.page(io.StringIO(), {"COLUMNS": "5"}) == Page(40)
    assert terminal.page(io.StringIO(), {"COLUMNS": "wide"}) == Page(140)
    assert terminal.page(Screen(), {}) == Page(80, screen=True)


def test_a_stream_without_the_ellipsis_gets_dots() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert terminal.page(stream, {}).ellipsis == "..."
    terminal.write_text("한 ok\n", stream)
    assert stream.buffer.getvalue() == b"\\ud55c ok\n"  # type: ignore[attr-defined]


def test_colours_do_not_change_the_text() -> None:
    found = result(
        GIVES_UP, finding(at(SourceFile("[red]a[/red].conf", "[bold]x[/bold] :smile: 한글 https://x"), "x"), message="[/]")
    )
    lines = text.render(found, found.findings, Page())
    stream = io.StringIO()
    terminal.write(lines, stream, colours=True)
    painted = stream.getvalue()
    assert "\x1b[1;33mwarning[proxy-gives-up-first]\x1b[0m" in painted
    assert [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", painted).split("\n")] == text.plain(lines).split("\n")


def test_a_closed_pipe_is_no_error() -> None:
    script = (
        "import sys\nfrom serveaudit.report.terminal import write_text\n"
        "for _ in range(2000): write_text('x' * 1000 + '\\n', sys.stdout)\n"
        "sys.exit(1)"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None and run.stderr is not None
    run.stdout.read(10)
    run.stdout.close()
    assert run.stderr.read() == b""
    assert run.wait() == 1


def test_a_pipe_costs_no_rich() -> None:
    script = (
        "import sys\nfrom serveaudit.report import terminal, text\nfrom serveaudit.report.frame import Page\n"
        "from serveaudit.result import Result\nterminal.write(text.render(Result(), [], Page()), sys.stdout, False)\n"
        "sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], stdout=subprocess.DEVNULL).returncode == 0
