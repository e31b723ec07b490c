"""The command `serveaudit`.

Exit status: 0 nothing at or above `--fail-on`; 1 findings; 2 a wrong call, or a file that was meant to be audited and could not
be read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import TracebackType

from serveaudit.options import WrongCall, parse


def entry() -> None:
    """The console script."""
    sys.excepthook = _crash
    try:
        status = main(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


def main(argv: Sequence[str]) -> int:
    """Runs one command: the report goes to stdout, complaints to stderr. Returns the exit status."""
    try:
        options = parse(argv)
        from serveaudit.commands import run  # imports all floors below, which --version and --help can do without

        return run(options)
    except WrongCall as error:
        sys.stderr.write(f"serveaudit: error: {error}\n")
        return 2
    except SystemExit as done:  # argparse ends this way after --help and --version
        return int(done.code or 0)


def _crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A mistake of serveaudit itself must not look like findings: 2, where Python would exit with 1."""
    sys.__excepthook__(kind, error, trace)
    sys.stderr.flush()
    os._exit(2)
