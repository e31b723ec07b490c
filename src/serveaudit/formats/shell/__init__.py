"""Shell scripts: `parse` reads one, `interpreter` tells by a text's first line what runs it; `tree` has what is read."""

from serveaudit.formats.shell.reading import interpreter, parse

__all__ = ["interpreter", "parse"]
