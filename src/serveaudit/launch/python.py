"""Python files that start other programs: `subprocess`, `os.exec…`, `os.system`, Django's `call_command`.

Sources: Python's manual, "subprocess", "os", "asyncio"; Django's manual, "django-admin and manage.py".
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from serveaudit.command import Environment, Step
from serveaudit.formats.python import Call, Environ, External, Function, Made, Module
from serveaudit.values import Items, Place, Table, Unknown, Value

_SUBPROCESS = frozenset(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen"))
_TEXTS = frozenset(("os.system", "os.popen", "asyncio.create_subprocess_shell", "asyncio.subprocess.create_subprocess_shell"))
_LISTS = {"os.execv": 1, "os.execve": 1, "os.execvp": 1, "os.execvpe": 1, "os.posix_spawn": 1, "os.posix_spawnp": 1}
_LISTS |= {"os.spawnv": 2, "os.spawnve": 2, "os.spawnvp": 2, "os.spawnvpe": 2, "pty.spawn": 0}
_LISTS |= {"django.core.management.execute_from_command_line": 0}
"""Where the list of words stands among the arguments."""
_ROWS = {"os.execl": 1, "os.execlp": 1, "os.execle": 1, "os.execlpe": 1, "os.spawnl": 2, "os.spawnlp": 2}
_ROWS |= {"asyncio.create_subprocess_exec": 0, "asyncio.subprocess.create_subprocess_exec": 0}
"""From which argument on each one is a word."""
_DJANGO = "django.core.management."
_ENVIRONMENTS = {"os.execve": 2, "os.execvpe": 2, "os.posix_spawn": 2, "os.posix_spawnp": 2, "os.spawnve": 3, "os.spawnvpe": 3}


@dataclass(frozen=True, slots=True)
class Spawn:
    """A program that a Python file starts. `becomes`: no process is left between; `conditions`: the choices, in words, by
    which it is come to."""

    step: Step
    becomes: bool
    conditions: tuple[str, ...] = ()


def read_spawns(module: Module, words: tuple[Value[Any], ...], cwd: Value[Any]) -> list[Spawn]:
    """What the file starts when it is run with these words in this directory, in written order; what stands in functions that
    nothing of the file calls does not count, nor a `manage.py` that hands on its own words."""
    env = module.env.over(module.environ)
    reached = _reached(module, {str(word.x).replace("-", "_") for word in words})
    spawns = []
    for call in module.calls:
        if not call.reachable or call.function not in reached:
            continue
        if call.name == "os.chdir":
            cwd = _below(cwd, call.argument(0, "path"))
        for choices, step in _steps(call, env, cwd):
            if not (call.name.startswith(_DJANGO) and [word.x for word in step.argv[1:]] == [word.x for word in words]):
                spawns.append(Spawn(step, _becomes(call.name), (*call.conditions, *choices)))
    return spawns


def _reached(module: Module, words: set[str]) -> set[str]:
    """The functions that run: called from the file's own level on, or the command (of click, typer) that the words name."""
    commands = {name for name, function in module.functions.items() if _is_command(function)}
    named = {name for name in commands if name.rpartition(".")[2] in words}
    reached, before = {"", *(named or (commands if len(commands) == 1 else ()))}, 0
    while len(reached) != before:
        before = len(reached)
        called = {call.name.rpartition(".")[2] for call in module.calls if call.function in reached}
        reached |= {name for name in module.functions if name.rpartition(".")[2] in called}
    return reached


def _is_command(function: Function) -> bool:
    return any(each.name.rpartition(".")[2] == "command" for each in function.decorators)


def _becomes(name: str) -> bool:
    return name.startswith(("os.exec", _DJANGO))


def _steps(call: Call, env: Environment, cwd: Value[Any]) -> Iterator[tuple[tuple[str, ...], Step]]:
    """What one call starts: (choices in words, step)."""
    given = call.argument(_ENVIRONMENTS.get(call.name, -1), "env")
    directory = call.argument(-1, "cwd")
    for choices, words in _command(call):
        if words:
            step = Step(call.place, words, cwd=_below(cwd, directory), env=_environment(env, given))
            yield choices, step


def _command(call: Call) -> Iterator[tuple[tuple[str, ...], tuple[Value[Any], ...]]]:
    if call.name in _ROWS:
        yield (), call.args[_ROWS[call.name] :]
    elif call.name == _DJANGO + "call_command":
        yield (), (Value("django-admin", (call.place,)), *call.args)
    elif call.name in _TEXTS or call.name in _SUBPROCESS or call.name in _LISTS:
        shell = call.name in _TEXTS or _is_true(call.argument(-1, "shell"))
        value = call.argument(_LISTS.get(call.name, 0), "args")
        for choices, world in value.worlds() if value is not None else ():
            yield choices, _for_shell(world, call.place) if shell else _words(call, world)


def _words(call: Call, value: Value[Any]) -> tuple[Value[Any], ...]:
    """The members of a list; a text alone is a program's name."""
    if isinstance(value.x, str):
        return (value,) if value.places else (value.at(call.place),)
    if isinstance(value.x, Made) and value.x.dotted == "shlex.split" and value.x.call and value.x.call.args:
        text = value.x.call.args[0]
        return tuple(Value(word, text.places) for word in _split(text.x)) if text.places else ()
    if not isinstance(value.x, Items):
        return ()
    members = [member if isinstance(member, Value) else Value(member) for member in value.x]
    if isinstance(value.x.complete, Unknown):
        members.append(Value(value.x.complete))
    words = tuple(_interpreter(member if member.places else member.at(call.place)) for member in members)
    return (Value("django-admin", (call.place,)), *words[1:]) if call.name.startswith(_DJANGO) else words


def _split(text: object) -> list[str]:
    try:
        return shlex.split(text) if isinstance(text, str) else []
    except ValueError:  # a quote that nothing closes
        return []


def _interpreter(word: Value[Any]) -> Value[Any]:
    """`sys.executable` is the Python that runs the file."""
    is_python = isinstance(word.x, External) and word.x.dotted == "sys.executable"
    return replace(word, x="python") if is_python else word


def _for_shell(value: Value[Any], place: Place) -> tuple[Value[Any], ...]:
    first = next(iter(value.x), value) if isinstance(value.x, Items) else value  # of a list, the rest are the shell's own words
    text = first if isinstance(first, Value) else Value(first)
    return (Value("sh", (place,)), Value("-c", (place,)), text if text.places else text.at(place))


def _is_true(value: Value[Any] | None) -> bool:
    return value is not None and value.x is True


def _below(cwd: Value[Any], path: Value[Any] | None) -> Value[Any]:
    if path is None or path.x is None:
        return cwd
    if not isinstance(path.x, str) or path.x.startswith("/"):
        return path
    return cwd.map(lambda directory: posixpath.normpath(posixpath.join(directory, str(path.x)))).also(path)


def _environment(env: Environment, given: Value[Any] | None) -> Environment:
    """`env={…}` takes the place of everything that Python itself was started with."""
    if given is None or given.x is None or isinstance(given.x, Environ):
        return env
    if not isinstance(given.x, Table):
        return env.over({}, Unknown(given.why or "the variables that it is given are not known"))
    variables = {name: value for name, value in given.x.entries if isinstance(name, str)}
    if isinstance(given.x.complete, Unknown):
        return env.over(variables, given.x.complete)
    return replace(Environment(variables), releases=env.releases)
