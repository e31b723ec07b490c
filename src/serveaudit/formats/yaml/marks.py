"""Marks of a template, `{{ … }}`, that stand inside of a YAML text: set aside so that the rest can be read as YAML."""

from __future__ import annotations

import re

_MARK = re.compile(r"\{\{[^\n]{0,300}?\}\}")
_AWAY = 0xE100
"""Where in Unicode's private use area a mark's characters are moved to: YAML takes them for letters."""
_ASCII = range(0x20, 0x7F)
_BACK = {_AWAY + code: code for code in _ASCII}
_THERE = {code: _AWAY + code for code in _ASCII}


def hidden(text: str) -> str:
    """The text with every mark made of letters; its length stays the same."""
    return _MARK.sub(lambda mark: mark[0].translate(_THERE), text)


def shown(text: str) -> str:
    """A part of such a text as it was written."""
    return text.translate(_BACK)
