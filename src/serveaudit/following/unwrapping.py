"""Takes away what a command is wrapped in, layer by layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serveaudit.command import Command
from serveaudit.following.outputs import below
from serveaudit.following.results import Followed, Link
from serveaudit.following.shells import behind_assignments, behind_env, behind_python, behind_su, is_python
from serveaudit.following.wrappers import Unwrapped, Wrapper, unwrapped, wrapper_of
from serveaudit.invocation import basename
from serveaudit.values import Place, Unknown, Value

MOST_LINKS = 16
_ENV = Wrapper()
_SU = Wrapper(execs=False, forwards=True)


def behind_wrappers(followed: Followed) -> tuple[Followed, Value[Any] | None]:
    """The command without its wrappers, or with the text that the last of them gives to a shell."""
    for _ in range(MOST_LINKS):
        wrapper, inner = _wrapped(followed.command)
        if inner is None:
            break
        followed = _linked(followed, wrapper, inner)
        if inner.script is not None:
            return followed, inner.script
    return followed, None


def _wrapped(command: Command) -> tuple[Wrapper, Unwrapped | None]:
    """What the command is wrapped in; None where it is the program itself."""
    name = basename(command.argv[0]) if command.argv else ""
    if name == "env":
        return _ENV, behind_env(command)
    if name in ("su", "runuser"):
        return _SU, behind_su(command)
    if is_python(command):
        inner = behind_python(command)
        return _ENV, Unwrapped(inner) if inner is not command else None
    wrapper = wrapper_of(command)
    found = unwrapped(wrapper, command) if wrapper else None
    if found is not None and name in ("sudo", "doas"):
        found = replace(found, command=behind_assignments(found.command))
    return wrapper or _ENV, found


def _linked(followed: Followed, wrapper: Wrapper, inner: Unwrapped) -> Followed:
    """What the wrapper starts, with the wrapper among its links."""
    command, outer = inner.command, followed.command
    if inner.cwd is not None:
        command = replace(command, cwd=below(command.cwd, inner.cwd))
    if wrapper.hides:
        command = replace(command, env=command.env.over({}, Unknown(wrapper.hides)))
    link = Link("wrapper", outer.word(0), place_of(outer), wrapper.execs, wrapper.forwards, inner.group)
    only_options = is_python(outer) and is_python(command)
    links = followed.links if only_options else (*followed.links, link)
    reloads = followed.reloads or wrapper.reloads
    return replace(followed, command=command, links=links, user=inner.user or followed.user, reloads=reloads)


def place_of(command: Command) -> Place:
    """Where the program's name stands."""
    return command.argv[0].places[0] if command.argv and command.argv[0].places else command.place
