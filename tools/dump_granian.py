"""granian's table, from the parameters of its click command."""

from __future__ import annotations

import sys

import tablefile


def ask() -> tuple[str, tablefile.Rows]:
    import granian.cli

    import clickrows

    return granian.__version__, clickrows.rows(granian.cli.cli, "GRANIAN")


if __name__ == "__main__":
    sys.exit(tablefile.main("granian", ask))
