"""Did you mean."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that looks most like this one; None where none is near. Case and `-` against `_` don't count."""
    from difflib import get_close_matches  # costs 10 ms and is needed for mistakes only

    plain = {_plain(name): name for name in known}
    found = get_close_matches(_plain(word), plain, n=1, cutoff=likeness)
    return plain[found[0]] if found else None


def hint(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, to put behind a message; empty where no known word is near."""
    found = nearest(word, known)
    return f"; did you mean '{found}'?" if found else ""


def _plain(word: str) -> str:
    return word.lower().replace("_", "-")
