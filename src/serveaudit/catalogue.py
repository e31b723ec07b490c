"""All rules that there are to choose from: serveaudit's own, those about the audit itself, and the user's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from serveaudit.builtin import CARDS
from serveaudit.cards import Card, card_files, read_card
from serveaudit.config import Config
from serveaudit.shipped import own_cards, own_rules
from serveaudit.suggest import hint


class UnknownRule(Exception):
    """A name that no rule, no category or no directory of rules has; the message says which was probably meant."""


def cards(extra: Iterable[Path] = ()) -> list[Card]:
    """All cards; `extra` are the user's directories. Raises CardError."""
    return [*own_cards(), *CARDS, *(read_card(path) for place in extra for path in card_files(place))]


def directories(config: Config, given: Iterable[str]) -> list[Path]:
    """The user's directories of rules: those of the configuration, then those given in the call. Raises UnknownRule."""
    return [
        directory(path) for path in (*(config.root / name for name in config.rules), *(Path(name).absolute() for name in given))
    ]


def directory(path: Path) -> Path:
    """The same path. Raises UnknownRule where it is no directory."""
    if not path.is_dir():
        raise UnknownRule(f"{relative(path)}: no such directory of rules")
    return path


def is_own(path: Path) -> bool:
    """Whether the cards in a directory are serveaudit's own, which are asked anyway."""
    rules = own_rules()
    return rules is not None and path.resolve().is_relative_to(rules.resolve())


def check_names(config: Config) -> None:
    """Raises UnknownRule for a selection that names no rule and no category: it would silence, or ask, nothing."""
    switched_off = (name for names in config.per_file_ignores.values() for name in names)
    given = dict.fromkeys((*config.select, *config.ignore, *switched_off))
    if not given:
        return
    known = dict.fromkeys(name for card in cards(map(Path, config.rules)) for name in (card.name, card.category))
    for name in given:
        if name not in known:
            raise UnknownRule(f"there is no rule or category '{name}'{hint(name, known)}")


def relative(path: Path) -> str:
    """A path as it is shown: from the working directory where it lies in there."""
    return (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).as_posix()
