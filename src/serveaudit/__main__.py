"""`python -m serveaudit`."""

from serveaudit.cli import entry

entry()
