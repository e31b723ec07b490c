"""What the pipelines of a chart's templates give, from the chart's own values, as far as these tell.

Sources: Go's manual, text/template, "Functions"; Helm's manual, "Template Function List".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from serveaudit.formats.yaml import Mapping, Node, Scalar
from serveaudit.formats.yaml import Sequence as List
from serveaudit.launch.kubernetes.dumping import to_yaml
from serveaudit.values import Unknown, Value

_LONGEST = 100_000
"""Characters: a text that is put together of itself may grow without end."""
_MARK = re.compile(r"\{\{.*?\}\}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a pipeline gives: a plain thing, a node of the values, None, or unknown. A text may hold `{{ … }}` where a part of
    it is not known; what is unknown is about the expression itself.

    origins   the values that it was made of
    """

    x: Any
    origins: tuple[Value[Any], ...] = ()

    @property
    def sure(self) -> bool:
        return not isinstance(self.x, Unknown) and not (isinstance(self.x, str) and _MARK.search(self.x))

    @property
    def text(self) -> str:
        """As it is written into the text."""
        if isinstance(self.x, Unknown):
            return "{{ " + self.x.about[:290] + " }}"
        if isinstance(self.x, bool):
            return str(self.x).lower()
        if isinstance(self.x, Mapping | List):
            return "{{ a list or map }}"
        return "" if self.x is None else str(self.x)

    @property
    def spelled(self) -> str:
        """As it would be written in an expression."""
        if isinstance(self.x, Unknown):
            return f"({self.x.about})" if " " in self.x.about else self.x.about
        return json.dumps(self.text, ensure_ascii=False)


def truth(found: Found) -> bool | Unknown:
    """Whether `if` takes it: nothing, no text, zero and what is empty are not."""
    x = found.x
    if isinstance(x, Unknown):
        return x
    if isinstance(x, str) and not found.sure:
        return True if _MARK.sub("", x) else Unknown("only Helm knows it", x)
    return bool(x.entries if isinstance(x, Mapping) else x.items if isinstance(x, List) else x)


def call(name: str, words: Sequence[Found]) -> Found:
    """What a function gives for its words."""
    origins = tuple(origin for word in words for origin in word.origins)
    function = _FUNCTIONS.get(name)
    if name in _CHOOSES:
        return _CHOOSES[name](words)
    unsure = Found(Unknown("only Helm knows it", " ".join((name, *(word.spelled for word in words)))), origins)
    if function is None or (name not in _JOINS and not all(word.sure for word in words)):
        return unsure
    if sum(len(word.text) for word in words) > _LONGEST:
        return Found(Unknown("too long a text"), origins)
    try:
        return Found(function(*(word if name in _JOINS else word.x for word in words)), origins)
    except (TypeError, ValueError, IndexError, AttributeError, OverflowError):
        return unsure


def _default(words: Sequence[Found]) -> Found:
    if len(words) != 2:
        return words[-1] if words else Found(None)
    fallback, given = words
    answer = truth(given)
    if isinstance(answer, Unknown):
        return Found(Unknown(answer.why, f"default {fallback.spelled} {given.spelled}"), given.origins)
    return given if answer else Found(fallback.x, (*given.origins, *fallback.origins))


def _required(words: Sequence[Found]) -> Found:
    return words[-1] if words else Found(None)


def _and(words: Sequence[Found]) -> Found:
    return _deciding(words, False)


def _or(words: Sequence[Found]) -> Found:
    return _deciding(words, True)


def _deciding(words: Sequence[Found], decides: bool) -> Found:
    """The first word that decides, else the last."""
    for word in words:
        answer = truth(word)
        if isinstance(answer, Unknown):
            return Found(answer, word.origins)
        if answer is decides:
            return word
    return words[-1] if words else Found(None)


def _ternary(words: Sequence[Found]) -> Found:
    yes, no, given = words if len(words) == 3 else (Found(None),) * 3
    answer = truth(given)
    return Found(answer, given.origins) if isinstance(answer, Unknown) else yes if answer else no


_CHOOSES: dict[str, Callable[[Sequence[Found]], Found]] = {
    "default": _default,
    "required": _required,
    "and": _and,
    "or": _or,
    "coalesce": _or,
    "ternary": _ternary,
}


def _printf(form: Found, *words: Found) -> str:
    parts = re.split(r"%(?:[sdv]|q)", form.text)
    if len(parts) != len(words) + 1 or "%" in "".join(parts):
        raise ValueError(form.text)
    return "".join(part + word for part, word in zip(parts, [*(word.text for word in words), ""], strict=True))


def _quote(*words: Found) -> str:
    return " ".join(word.text if not word.sure else json.dumps(word.text, ensure_ascii=False) for word in words)


def _single(*words: Found) -> str:
    return " ".join(word.text if not word.sure else f"'{word.text}'" for word in words)


def _indent(depth: Found, text: Found) -> str:
    pad = " " * min(int(depth.x), 100)
    return "\n".join(pad + line for line in text.text.split("\n"))


def _nindent(depth: Found, text: Found) -> str:
    return "\n" + _indent(depth, text)


def _trunc(length: Found, text: Found) -> str:
    return text.text[: int(length.x)] if text.sure else text.text


def _trim_suffix(suffix: Found, text: Found) -> str:
    return text.text.removesuffix(suffix.text) if text.sure else text.text


def _as_text(word: Found) -> str:
    return word.text


_JOINS: dict[str, Callable[..., Any]] = {
    "printf": _printf,
    "quote": _quote,
    "squote": _single,
    "toString": _as_text,
    "indent": _indent,
    "nindent": _nindent,
    "trunc": _trunc,
    "trimSuffix": _trim_suffix,
}
"""Functions that keep what is not known in a text as it stands."""


def _contains(part: str, text: str) -> bool:
    return part in text


def _has(one: Any, many: List) -> bool:
    return any(plain(item) == one for item in many.items)


def _has_key(table: Mapping, key: str) -> bool:
    return table.get(key) is not None


def _equal(one: Any, *others: Any) -> bool:
    return any(one == other for other in others)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **_JOINS,
    "not": lambda x: not truth(Found(x)),
    "empty": lambda x: not truth(Found(x)),
    "eq": _equal,
    "ne": lambda one, other: one != other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
    "int": int,
    "int64": int,
    "float64": float,
    "add": lambda *words: sum(map(int, words)),
    "add1": lambda x: int(x) + 1,
    "sub": lambda one, other: int(one) - int(other),
    "mul": lambda one, other: int(one) * int(other),
    "lower": str.lower,
    "upper": str.upper,
    "trim": str.strip,
    "trimPrefix": lambda prefix, text: str(text).removeprefix(prefix),
    "replace": lambda old, new, text: str(text).replace(old, new),
    "contains": _contains,
    "hasPrefix": lambda prefix, text: str(text).startswith(prefix),
    "hasSuffix": lambda suffix, text: str(text).endswith(suffix),
    "has": _has,
    "hasKey": _has_key,
    "toYaml": to_yaml,
}


def plain(node: Node | None) -> Any:
    """A scalar of the values as a plain thing; other nodes as they are."""
    if not isinstance(node, Scalar):
        return node
    return None if node.null else node.typed().x if not node.template else node.text
