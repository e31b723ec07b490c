"""Follows steps made of text, on a machine whose files are text, and tells in text what they come to."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from serveaudit.command import Environment, Step
from serveaudit.following import Followed, Following, Link, follow
from serveaudit.source import SourceFile
from serveaudit.values import Branch, Place, Unknown, Value


class Machine:
    """Files by their full path; there are no others."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = {path: SourceFile(path.lstrip("/"), text) for path, text in files.items()}

    def read(self, path: str, cwd: str = "") -> SourceFile | None:
        return self.files.get(posixpath.normpath(posixpath.join(cwd, path)))

    def module(self, dotted: str, cwd: str = "") -> SourceFile | None:
        return self.read(dotted.replace(".", "/") + ".py", cwd)

    def matching(self, pattern: str, cwd: str = "") -> list[SourceFile]:
        return [source for path, source in self.files.items() if fnmatch(path, posixpath.join(cwd, pattern))]


def follow_text(
    text: str, shell: str = "sh", files: Mapping[str, str] | None = None, complete: bool | Unknown = True, **env: str
) -> Following:
    """What a text for a shell comes to, in /app."""
    source = SourceFile("Dockerfile", text)
    step = Step(Place(source.whole()), script=source, shell=shell, cwd=Value("/app"), env=_environment(env, complete))
    return follow(step, Machine(files or {}))


def follow_words(words: Sequence[str | None], files: Mapping[str, str] | None = None, **env: str) -> Following:
    """What words come to that a launcher starts without a shell, in /app. None is a word that is not known."""
    source = SourceFile("Dockerfile", "CMD " + json.dumps(words))
    argv, at = [], 0
    for word in words:
        quoted = json.dumps(word)
        start = source.text.index(quoted, at)
        at = start + len(quoted)
        x = Unknown("not known", "$@") if word is None else word
        argv.append(Value(x, (Place(source.span(start, at)),)))
    step = Step(Place(source.whole()), argv=tuple(argv), cwd=Value("/app"), env=_environment(env, True))
    return follow(step, Machine(files or {}))


def follow_script(text: str, *arguments: str | None, files: Mapping[str, str] | None = None, **env: str) -> Following:
    """What /app/start.sh comes to."""
    return follow_words(["/app/start.sh", *arguments], {"/app/start.sh": text, **(files or {})}, **env)


def told(following: Following) -> list[str]:
    """All that is come to."""
    return [with_conditions(each) for each in following.commands]


def with_conditions(followed: Followed) -> str:
    """A command, and the conditions on which it is started."""
    return command_of(followed) + "".join(f" | {condition}" for condition in followed.conditions)


def command_of(followed: Followed) -> str:
    return " ".join(shown(word) for word in followed.command.argv)


def shown(value: Value[Any]) -> str:
    if isinstance(value.x, Unknown):
        return f"<{value.x.about or value.x.why}>"
    if isinstance(value.x, Branch):
        return "{" + "; ".join(f"{label}: {shown(case)}" for label, case in value.x.cases) + "}"
    return repr(value.x) if isinstance(value.x, str) and (not value.x or " " in value.x) else str(value.x)


def chain(followed: Followed) -> str:
    """The links, outermost first: `sh stays > gosu becomes`."""
    return " > ".join(f"{link.name} {_becomes(link)}" for link in followed.links)


def _becomes(link: Link) -> str:
    return "becomes" if link.execs else "forwards" if link.forwards or link.group else "stays"


def _environment(env: Mapping[str, str], complete: bool | Unknown) -> Environment:
    return Environment({name: Value(text) for name, text in env.items()}, complete)
