"""What methods and subscripts do to lists and dictionaries in place: each gives the changed one; None, where it is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from serveaudit.values import Items, Table, Unknown, Value, unknown

Args = tuple[Value[Any], ...]
Keywords = Mapping[str, Value[Any]]


def with_key(x: Any, key: Value[Any], value: Value[Any]) -> Any:
    """A list or dictionary with one member set."""
    if isinstance(x, Items):
        if isinstance(key.x, int) and -len(x.members) <= key.x < len(x.members):
            members = list(x.members)
            members[key.x] = value
            return replace(x, members=tuple(members))
        return replace(x, complete=Unknown("a member is set whose number is not known"))
    if not isinstance(x, Table):
        return None
    if not key.known or not isinstance(key.x, str | int | float | bool | None):
        return Table(tuple((name, unknown(_ANY_KEY)) for name, _ in x.entries), Unknown(_ANY_KEY))
    if any(name == key.x for name, _ in x.entries):
        return replace(x, entries=tuple((name, value if name == key.x else each) for name, each in x.entries))
    return replace(x, entries=(*x.entries, (key.x, value)))


_ANY_KEY = "a key is set whose name is not known"


def without(x: Any, key: Value[Any]) -> Any:
    """A list or dictionary with one member deleted; of a list it is not known which."""
    if isinstance(x, Table) and key.known:
        return replace(x, entries=tuple(entry for entry in x.entries if entry[0] != key.x))
    return replace(x, complete=Unknown("members are deleted")) if isinstance(x, Items | Table) else None


def _appended(x: Any, args: Args, keywords: Keywords) -> Any:
    return replace(x, members=(*x.members, args[0])) if isinstance(x, Items) and len(args) == 1 else None


def _extended(x: Any, args: Args, keywords: Keywords) -> Any:
    if not isinstance(x, Items) or len(args) != 1:
        return None
    more = args[0].x
    if isinstance(more, Items):
        return Items((*x.members, *more.members), x.complete if more.complete is True else more.complete)
    return replace(x, complete=Unknown(args[0].why or "it is extended by what is not known"))


def _inserted(x: Any, args: Args, keywords: Keywords) -> Any:
    if not isinstance(x, Items) or len(args) != 2:
        return None
    members = list(x.members)
    members.insert(args[0].x if isinstance(args[0].x, int) else len(members), args[1])
    return replace(x, members=tuple(members))


def _removed(x: Any, args: Args, keywords: Keywords) -> Any:
    if not isinstance(x, Items) or len(args) != 1:
        return None
    found = next((n for n, each in enumerate(x.members) if isinstance(each, Value) and each == args[0] and each.known), None)
    if found is None:
        return x if args[0].known and all(each.known for each in x.members) else replace(x, complete=Unknown("one is removed"))
    return replace(x, members=x.members[:found] + x.members[found + 1 :])


def _updated(x: Any, args: Args, keywords: Keywords) -> Any:
    if isinstance(x, Items):
        return _extended(x, args, keywords)
    if not isinstance(x, Table):
        return None
    entries, complete = list(x.entries), x.complete
    for arg in args:
        if isinstance(arg.x, Table):
            entries += arg.x.entries
            complete = complete if arg.x.complete is True else arg.x.complete
        else:
            entries, complete = _lost(entries, arg), Unknown(arg.why or "it is updated by what is not known")
    given = {name: value for name, value in keywords.items() if name != "**"}
    entries += given.items()
    if len(given) < len(keywords):
        entries, complete = _lost(entries, keywords["**"]), Unknown("it is updated by what is not known")
    return Table(tuple(dict(entries).items()), complete)


def _lost(entries: list[tuple[Any, Value[Any]]], by: Value[Any]) -> list[tuple[Any, Value[Any]]]:
    return [(name, unknown(by.why or "an update that is not known may set it", *value.places)) for name, value in entries]


def _defaulted(x: Any, args: Args, keywords: Keywords) -> Any:
    if not isinstance(x, Table) or not args or not args[0].known:
        return None
    if any(key == args[0].x for key, _ in x.entries):
        return x
    return with_key(x, args[0], args[1] if len(args) > 1 else Value(None))


def _popped(x: Any, args: Args, keywords: Keywords) -> Any:
    if isinstance(x, Items):
        if not args and x.members and x.complete is True:
            return replace(x, members=x.members[:-1])
        return replace(x, complete=Unknown("one is removed"))
    return without(x, args[0]) if args else None


def _cleared(x: Any, args: Args, keywords: Keywords) -> Any:
    return Items(()) if isinstance(x, Items) else Table(()) if isinstance(x, Table) else None


def _sorted(x: Any, args: Args, keywords: Keywords) -> Any:
    return Items(tuple(reversed(x.members)), x.complete) if isinstance(x, Items) else None


CHANGES: dict[str, Callable[[Any, Args, Keywords], Any]] = {
    "append": _appended,
    "add": _appended,
    "extend": _extended,
    "insert": _inserted,
    "remove": _removed,
    "discard": _removed,
    "update": _updated,
    "setdefault": _defaulted,
    "pop": _popped,
    "clear": _cleared,
    "reverse": _sorted,
}
