"""Short spellings (`127.0.0.1:8000:80/tcp`) of which a part may not be known."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from serveaudit.values import Partial, Unknown, Value

_HOLE = 0xE000


class Fields:
    """The parts of a text that is split by a pattern although some of it may not be known."""

    def __init__(self, value: Value[Any], pattern: re.Pattern[str]) -> None:
        self.value = value
        parts = value.x.parts if isinstance(value.x, Partial) else (value.x,)
        self.holes = [part for part in parts if isinstance(part, Unknown)]
        number = iter(range(_HOLE, _HOLE + len(parts)))
        text = "".join(part if isinstance(part, str) else chr(next(number)) for part in parts)
        self.found = pattern.fullmatch(text)

    def get(self, name: str) -> Value[Any]:
        """One part: text, None where it is not written, or unknown."""
        text = self.found[name] if self.found else None
        hole = next((ord(char) - _HOLE for char in text or "" if 0 <= ord(char) - _HOLE < len(self.holes)), None)
        return replace(self.value, x=text if hole is None else self.holes[hole])
