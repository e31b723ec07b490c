"""granian's table, from the parameters of its click command."""

from __future__ import annotations

import sys

import tablefile


def ask() -> tuple[str, tablefile.Rows]:
    import clickrows
    import granian.cli

    return granian.__version__, clickrows.rows(granian.cli.cli, "GRANIAN_")


if __name__ == "__main__":
    sys.exit(tablefile.main("granian", ask))
