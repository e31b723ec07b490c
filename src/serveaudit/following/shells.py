"""Programs that start others in ways of their own: shells, env, su, Python with a module that wraps."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from serveaudit.arguments import without
from serveaudit.command import Command
from serveaudit.following.wrappers import WRAPPERS, Unwrapped
from serveaudit.invocation import basename
from serveaudit.values import Partial, Value

SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"})
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Invoked:
    """How a shell is called: with a text (`-c`), or with a file; neither: it reads its standard input."""

    shell: str
    text: Value[Any] | None = None
    file: Value[Any] | None = None
    name: Value[Any] | None = None
    arguments: tuple[Value[Any], ...] = ()


def invoked_shell(command: Command) -> Invoked | None:
    """`bash -lc "…" name arg`, `sh -e start.sh arg`; None for what is no shell. Source: POSIX, "sh"."""
    shell, at = basename(command.argv[0]) if command.argv else "", 1
    if shell == "busybox" and command.word(1) in SHELLS:
        shell, at = command.word(1), 2
    if shell not in SHELLS:
        return None
    text = False
    while (word := command.word(at)).startswith(("-", "+")) and word not in ("-", "--"):
        short = not word.startswith("--")
        text = text or (short and word[0] == "-" and "c" in word)
        at += 2 if (short and word.endswith(("o", "O"))) or word in ("--rcfile", "--init-file") else 1
    at += 1 if command.word(at) in ("-", "--") else 0
    rest = command.argv[at:]
    if text:
        return Invoked(shell, text=rest[0] if rest else Value(""), name=rest[1] if rest[1:] else None, arguments=rest[2:])
    return Invoked(shell, file=rest[0] if rest else None, name=rest[0] if rest else None, arguments=rest[1:])


def behind_assignments(command: Command) -> Command:
    """`NAME=value …` before a command: in its environment."""
    env, argv = command.env, command.argv
    while argv and (found := _ASSIGNMENT.match(str(_first_part(argv[0])))):
        env = env.over({found[1]: without(argv[0], found.start(2))})
        argv = argv[1:]
    return replace(command, argv=argv, env=env)


def _first_part(word: Value[Any]) -> object:
    return word.x.parts[0] if isinstance(word.x, Partial) else word.x if isinstance(word.x, str) else ""


def behind_env(command: Command) -> Unwrapped | None:
    """`env -i -u NAME -C directory NAME=value …`. Source: GNU coreutils' manual, "env"."""
    at, env, cwd = 1, command.env, None
    while (word := command.word(at)).startswith("-"):
        if word in ("-i", "-", "--ignore-environment"):
            env = replace(env, variables={}, complete=True)
        elif word in ("-u", "--unset"):
            at += 1
            env = env.over({command.word(at): Value(None)})
        elif word in ("-C", "--chdir"):
            at += 1
            cwd = command.argv[at] if at < len(command.argv) else None
        at += 1
        if word in ("-S", "--split-string"):
            return None
        if word == "--":
            break
    inner = behind_assignments(replace(command.without(at), env=env))
    return Unwrapped(inner, cwd=cwd) if inner.argv else None


def behind_su(command: Command) -> Unwrapped | None:
    """`su - user -c "…"`, `runuser -u user -- …`. Source: su(1), runuser(1)."""
    at, user, script = 1, None, None
    rest: tuple[Value[Any], ...] = ()
    while at < len(command.argv):
        word = command.word(at)
        following = command.argv[at + 1] if at + 1 < len(command.argv) else None
        if word in ("-c", "--command", "--session-command"):
            script, at = following, at + 1
        elif word in ("-u", "--user"):
            user, rest = following, command.argv[at + 2 :]
            break
        elif word in ("-s", "--shell", "-g", "--group", "-G", "--supp-group", "-w", "--whitelist-environment"):
            at += 1
        elif word.startswith("--command="):
            script = command.argv[at].map(lambda text: text.partition("=")[2])
        elif not word.startswith("-"):
            user = user or command.argv[at]
        at += 1
    if script is not None:
        return Unwrapped(command, script=script, user=user)
    skipped = 1 if rest and rest[0].x == "--" else 0
    return Unwrapped(replace(command, argv=rest[skipped:]), user=user) if len(rest) > skipped else None


def behind_python(command: Command) -> Command:
    """Python's own options put into the environment; `python -m coverage run …` without the `python -m`."""
    at = 1
    while (word := command.word(at)).startswith("-") and word not in ("-m", "-c", "-", "--"):
        if re.match(r"-[a-zA-Z]*u", word):
            command = replace(command, env=command.env.over({"PYTHONUNBUFFERED": command.argv[at].map(lambda _: "1")}))
        at += 2 if word in ("-W", "-X") else 1
    return command.without(at + 1) if command.word(at) == "-m" and command.word(at + 1) in WRAPPERS else command


def is_python(command: Command) -> bool:
    return bool(command.argv) and re.fullmatch(r"(python|pypy)[\d.]*", basename(command.argv[0])) is not None
