"""`pathlib` and `os.path`: paths are computed as text, and nothing is looked up."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Any

from serveaudit.formats.python.environs import Given
from serveaudit.formats.python.module import PathText
from serveaudit.values import Unknown, Value


def _texts(given: Given) -> list[str] | None:
    """The arguments as texts, the path whose method it is first; None where one is not known."""
    values = [*([given.base] if given.base is not None and isinstance(given.base.x, str) else []), *given.args]
    return [value.x for value in values] if all(isinstance(value.x, str) for value in values) else None


def _of_texts(function: Callable[..., Any]) -> Callable[[Given], Value[Any] | None]:
    def compute(given: Given) -> Value[Any] | None:
        texts = _texts(given)
        if texts is None:
            unknown = next(value for value in given.args if not isinstance(value.x, str))
            return Value(unknown.x if isinstance(unknown.x, Unknown) else Unknown(unknown.why or "a path that is not known"))
        return Value(function(*texts)).also(*given.args)

    return compute


def _joined(*parts: str) -> PathText:
    return PathText(parts[0] if parts else ".").extended(*parts[1:])


def _directory(path: str) -> PathText:
    return PathText(path).parent


def _normal(path: str) -> PathText:
    """Without `.` and `..`; what lies above the repository's root keeps its dots."""
    return PathText(posixpath.normpath(path))


def _relative(path: str, start: str = "") -> PathText:
    return _normal(posixpath.relpath("/" + path, "/" + start)) if not path.startswith("/") else PathText(path)


def _suffixed(path: str, suffix: str) -> PathText:
    return PathText(path.rpartition(".")[0] + suffix if "." in PathText(path).name else path + suffix)


_CLASSES = ("Path", "PurePath", "PosixPath", "PurePosixPath")
_METHODS: dict[str, Callable[..., Any]] = {
    "joinpath": _joined,
    "resolve": _normal,
    "absolute": PathText,
    "expanduser": PathText,
    "as_posix": PathText,
    "__str__": PathText,
    "with_suffix": _suffixed,
    "with_name": lambda path, name: PathText(path).parent.extended(name),
    "relative_to": _relative,
}

PATHS: dict[str, Callable[[Given], Value[Any] | None]] = {
    **{f"pathlib.{each}": _of_texts(_joined) for each in _CLASSES},
    "os.path.join": _of_texts(_joined),
    "os.path.dirname": _of_texts(_directory),
    "os.path.basename": _of_texts(lambda path: PathText(path).name),
    **{f"os.path.{each}": _of_texts(_normal) for each in ("abspath", "realpath", "normpath")},
    **{f"os.path.{each}": _of_texts(PathText) for each in ("expanduser", "expandvars")},
    "os.fspath": _of_texts(PathText),
    "os.path.relpath": _of_texts(_relative),
}
"""By the full name of what is called."""

PATH_METHODS = {name: _of_texts(function) for name, function in _METHODS.items()}
"""By the name of the method; the path is the receiver."""
