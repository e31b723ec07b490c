"""Rule cards as they are written: one YAML file each, `<category>/<name>.yaml`, whose file name is the rule's only id.

All scalars are text: YAML's own types would turn `off` into False and `1.10` into 1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from serveaudit.card_fields import Keys, Misuse, check_fields


class CardError(Exception):
    """A card that can't be used: its file, the line, and what is wrong, in words for its author."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Card:
    """A card's fields as text, lists and mappings of text. `path` is its file, which a card from JSON can do without."""

    name: str
    category: str
    path: Path
    fields: Mapping[str, Any]

    @property
    def star(self) -> bool:
        return bool(self.fields.get("star", "") == "true")

    @cached_property
    def examples(self) -> list[Mapping[str, Any]]:
        """Its examples; read from the card's file where the fields came without."""
        fields = self.fields if "examples" in self.fields else read_card(self.path).fields
        return list(fields.get("examples", ()))

    def texts(self, field: str) -> list[str]:
        """A field that is text or a list of texts, as a list."""
        value = self.fields.get(field, [])
        return [value] if isinstance(value, str) else list(value)

    def error(self, keys: Keys, message: str) -> CardError:
        """The error at that place of the card's file."""
        return CardError(self.path, _line_of(self.path, keys), message)


def read_card(path: Path) -> Card:
    """The card in a file, with its fields checked. Raises CardError."""
    import yaml  # needed only where cards are not shipped as JSON

    try:
        root = _compose(path)
        fields = _plain(root, ())
        check_fields(path.stem, fields)
    except Misuse as misuse:
        raise CardError(path, _line_of(path, misuse.keys), misuse.message) from None
    except yaml.MarkedYAMLError as error:
        raise CardError(path, error.problem_mark.line + 1 if error.problem_mark else 1, str(error.problem)) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, OSError) as error:
        raise CardError(path, 1, str(error)) from None
    return Card(path.stem, path.parent.name, path, fields)


def _plain(node: Any, keys: Keys) -> Any:
    """A node as text, list or mapping. Raises Misuse for a key that comes twice."""
    if node is None or node.id == "scalar":
        return node.value if node is not None else ""
    if node.id == "sequence":
        return [_plain(value, (*keys, index)) for index, value in enumerate(node.value)]
    found: dict[str, Any] = {}
    for key, value in node.value:
        if key.id != "scalar" or key.value in found:
            raise Misuse((*keys, str(key.value)), f"'{key.value}' comes twice")
        found[key.value] = _plain(value, (*keys, key.value))
    return found


def _line_of(path: Path, keys: Keys) -> int:
    """The line of a card's key (the last one, where it comes twice), or of the nearest thing around it; 1 without the file."""
    import yaml

    try:
        node = _compose(path)
    except (OSError, ValueError, yaml.YAMLError):
        return 1
    line = 1
    for key in keys:
        found = [pair for known, pair in _children(node) if known == key]
        if not found:
            break
        line, node = found[-1][0].start_mark.line + 1, found[-1][1]
    return line


def _children(node: Any) -> list[tuple[str | int, tuple[Any, Any]]]:
    """(key or index, (the node that it starts with, the node that it holds)) of everything in a node."""
    if node.id == "mapping":
        return [(str(key.value), (key, value)) for key, value in node.value]
    return [(index, (value, value)) for index, value in enumerate(node.value)] if node.id == "sequence" else []


def _compose(path: Path) -> Any:
    import yaml

    text = path.read_text(encoding="utf-8")
    return yaml.compose(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))


def card_files(directory: Path) -> list[Path]:
    """The cards under a directory, sorted."""
    return sorted(path for ending in ("*.yaml", "*.yml") for path in directory.rglob(ending))
