"""Shell scripts and command lines: `parse` reads a script, `split_words` a command line that no shell sees."""

from serveaudit.formats.shell.reading import interpreter, parse
from serveaudit.formats.shell.splitting import split_words

__all__ = ["interpreter", "parse", "split_words"]
