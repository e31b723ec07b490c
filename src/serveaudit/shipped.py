"""serveaudit's own rule cards: in a wheel one JSON of all, without their examples; in a checkout the cards themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from serveaudit.cards import Card, card_files, read_card


def own_rules() -> Path | None:
    """The directory of serveaudit's own cards: in a wheel inside of the package, in a checkout beside `src`."""
    package = Path(__file__).parent
    return next((path for path in (package / "rules", package.parents[1] / "rules") if path.is_dir()), None)


def own_cards() -> list[Card]:
    """serveaudit's own cards, without examples where they come from JSON. In a checkout that is written anew whenever a card
    has changed. Raises CardError."""
    directory, bundle = own_rules(), Path(__file__).parent / "data" / "rules.json"
    if directory is None or directory.parent == Path(__file__).parent:
        return list(_bundled(bundle, directory or bundle.parent)) if bundle.exists() else _read_all(directory)
    stamp = _stamp(directory)
    try:
        cached = json.loads(bundle.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        cached = {}
    if cached.get("stamp") == stamp:
        return list(_unbundled(cached, directory))
    cards = _read_all(directory)
    _write(bundle, bundled(cards, stamp))
    return cards


def _read_all(directory: Path | None) -> list[Card]:
    return [read_card(path) for path in card_files(directory)] if directory else []


def _bundled(bundle: Path, directory: Path) -> Iterator[Card]:
    return _unbundled(json.loads(bundle.read_text(encoding="utf-8")), directory)


def _unbundled(found: Mapping[str, Any], directory: Path) -> Iterator[Card]:
    for name, category, fields in found["cards"]:
        yield Card(name, category, directory / category / f"{name}.yaml", fields)


def bundled(cards: Iterable[Card], stamp: Any = None) -> str:
    """All cards, without their examples, as one JSON text."""
    plain = [
        (card.name, card.category, {name: value for name, value in card.fields.items() if name != "examples"}) for card in cards
    ]
    return json.dumps({"stamp": stamp, "cards": plain}, ensure_ascii=False, separators=(",", ":"))


def _stamp(directory: Path) -> list[Any]:
    """What changes when any card does: every file with its time and size."""
    found = []
    for path in card_files(directory):
        status = path.stat()
        found.append([str(path.relative_to(directory)), status.st_mtime_ns, status.st_size])
    return found


def _write(bundle: Path, text: str) -> None:
    """Puts the text in place at once, so that nobody reads half of it; where that is not allowed, nothing is kept."""
    partial = bundle.with_suffix(f".{id(text)}.tmp")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(bundle)
    except OSError:
        partial.unlink(missing_ok=True)
