"""What a `.dockerignore` keeps out of a build. Sources: Docker's manual, ".dockerignore files"; moby/patternmatcher."""

from __future__ import annotations

import posixpath
import re

from serveaudit.source import SourceFile


class Ignored:
    """The repository's paths that a build leaves out; the last pattern that fits decides."""

    def __init__(self, source: SourceFile, context: str) -> None:
        self.head = "" if context in ("", ".") else context.rstrip("/") + "/"
        lines = (line.strip() for line in source.text.split("\n") if not line.startswith("#"))
        self.patterns = [
            (not line.startswith("!"), _pattern(line.removeprefix("!").strip())) for line in lines if line.strip("!")
        ]

    def __contains__(self, path: object) -> bool:
        if not isinstance(path, str) or not path.startswith(self.head):
            return False
        fitting = (out for out, pattern in reversed(self.patterns) if pattern.fullmatch(path[len(self.head) :]))
        return next(fitting, False)


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern as an expression for the path itself and all that lies below it."""
    clean = posixpath.normpath(text).lstrip("/")
    parts = (_PARTS.get(part) or (part if part.startswith("[") else re.escape(part)) for part in _PART.findall(clean))
    try:
        return re.compile("".join(parts) + "(?:/.*)?")
    except re.error:  # a range that is none: Docker refuses it
        return re.compile(r"(?!)")


_PART = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|[^*?\[]+|\[")
_PARTS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
