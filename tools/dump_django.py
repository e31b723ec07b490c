"""The table of Django's `runserver`, from its argument parser, as django.contrib.staticfiles extends it."""

from __future__ import annotations

import sys
from typing import Any

import tablefile


def ask() -> tuple[str, tablefile.Rows]:
    import django
    from django.conf import settings

    settings.configure()
    django.setup()
    from django.contrib.staticfiles.management.commands.runserver import Command

    rows: tablefile.Rows = {}
    for action in Command().create_parser("manage.py", "runserver")._actions:
        if action.dest not in ("help", "version"):
            rows[action.dest] = row(action)
    return django.__version__, rows


def row(action: Any) -> dict[str, Any]:
    switch = action.nargs == 0
    says_no = switch and action.const is False
    kind = "bool" if switch else {int: "int"}.get(action.type, "str")
    return {
        "type": kind,
        "default": tablefile.plain(action.default),
        "flags": [] if says_no else action.option_strings,
        "negations": action.option_strings if says_no else [],
        "takes": (0 if switch else 1) if action.option_strings else None,
        "choices": [str(choice) for choice in action.choices or ()] if kind != "int" else [],
    }


if __name__ == "__main__":
    sys.exit(tablefile.main("django", ask))
