"""Built-in commands that change what a shell knows. Source: POSIX, "Special Built-In Utilities"; Bash's manual."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from serveaudit.following.expansion import Expander
from serveaudit.following.outputs import below
from serveaudit.following.state import Leaving, State
from serveaudit.following.texts import joined
from serveaudit.formats.dotenv import parse as parse_variables
from serveaudit.formats.shell.tree import Assignment, Output, Simple, Statement, Text, Word
from serveaudit.launching import signal_name
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value

Read = Callable[[Value[Any]], SourceFile | Unknown | None]

DECLARATIONS = ("export", "local", "declare", "typeset", "readonly")
SILENT = frozenset(
    "[ [[ (( test true false : echo printf alias unalias ulimit hash type kill jobs disown let shopt enable bind times dirs "
    "history fg bg suspend logout complete compgen wait caller help builtin pwd popd sleep".split()
)
"""Commands of the shell itself that start nothing, and `sleep`."""

_NAME = re.compile(r"[A-Za-z_]\w*")


def assign(state: State, assignment: Assignment, expander: Expander) -> None:
    """`NAME=value`, `NAME+=value`, `NAME=(a b)`."""
    name = assignment.name
    if assignment.index:
        state.arrays.pop(name, None)
        state.assign(name, Value(Unknown(f"${name} is a list that is set by index", f"${name}"), (Place(assignment.span),)))
    elif assignment.array is not None:
        members = tuple(expander.many(assignment.array))
        state.variables.pop(name, None)
        state.arrays[name] = (*state.arrays.get(name, ()), *members) if assignment.append else members
    else:
        value = expander.one(assignment.value) if assignment.value else Value("", (Place(assignment.span),))
        before = state.get(name)
        state.assign(name, joined([before, value]) if assignment.append and before.x is not None else value)


def declare(state: State, command: Simple, expander: Expander, read: Read) -> None:
    """`export NAME=value NAME`, `declare -x NAME=value`, `export $(cat .env)`."""
    flags = [word.literal or "" for word in command.words[1:] if (word.literal or "").startswith("-")]
    exports = command.word(0) == "export" or any("x" in flag for flag in flags)
    local = command.word(0) in ("local", "declare", "typeset") and not any("g" in flag for flag in flags)
    for word in command.words[1:]:
        name, value = _assignment(word)
        if (word.literal or "").startswith("-"):
            continue
        given = expander.one(value) if value else None
        if name and local:
            state.hide(name)
        if name and given:
            state.assign(name, given, export=exports)
        elif name and exports:
            state.export(name)
        elif not name and exports:
            _export_printed(state, word, read)


def _assignment(word: Word) -> tuple[str, Word | None]:
    """The name and the value of `NAME=value`; no value for `NAME`, no name for anything else."""
    first = word.parts[0] if word.parts else None
    if not isinstance(first, Text) or first.quoted:
        return "", None
    name, sign, rest = first.text.partition("=")
    if not _NAME.fullmatch(name):
        return "", None
    if not sign:
        return (name, None) if len(word.parts) == 1 else ("", None)
    span = first.span.source.span(first.span.start + len(name) + 1, first.span.end)
    parts = (*((Text(rest, span),) if rest else ()), *word.parts[1:])
    return name, Word(parts, word.span.source.span(span.start, word.span.end))


def _export_printed(state: State, word: Word, read: Read) -> None:
    """`export $(grep -v '^#' .env | xargs)`: the file's variables; what is not known may set any."""
    outputs = [part for part in word.parts if isinstance(part, Output)]
    named = [each for part in outputs for each in _words_in(part.body)]
    for name in named:
        found = read(Value(name.literal)) if "." in (name.literal or "") else None
        if isinstance(found, SourceFile):
            load_variables(state, found)
            return
    state.forget_environment(Unknown(f"{' '.join(word.span.text.split())[:60]} sets variables that are not known"))


def _words_in(body: Sequence[Statement]) -> Iterator[Word]:
    for statement in body:
        if isinstance(statement, Simple):
            yield from statement.words[1:]
            yield from (redirect.target for redirect in statement.redirects)
        else:
            yield from _words_in(getattr(statement, "stages", ()))


def load_variables(state: State, source: SourceFile) -> None:
    """The variables of a file of `NAME=value` lines, exported."""
    for variable in parse_variables(source):
        state.assign(variable.name, Value(variable.text.text, (Place(variable.text.whole()),)), export=True)


def change_directory(state: State, argv: Sequence[Value[Any]]) -> None:
    words = [word for word in argv[1:] if word.x not in ("-P", "-L", "--", "-e")]
    if not words:
        home = state.get("HOME")
        state.cwd = home if isinstance(home.x, str) else Value(Unknown("the home directory is not known", "$HOME"))
    elif words[0].x == "-":
        state.cwd = Value(Unknown("the directory before"))
    else:
        state.cwd = below(state.cwd, words[0])


def set_options(state: State, argv: Sequence[Value[Any]]) -> None:
    """`set -- word …`, `set -a`, `set -o allexport`."""
    for number, word in enumerate(argv[1:], 1):
        text = word.x if isinstance(word.x, str) else ""
        if text == "--" or not text.startswith(("-", "+")):
            state.set_arguments(argv[number + 1 :] if text == "--" else argv[number:])
            return
        allexport = "a" in text[1:] or (text[1:] == "o" and argv[number + 1 : number + 2] == [Value("allexport")])
        if allexport and not text.startswith("--"):
            state.exports_all = text[0] == "-"
        if text[1:].endswith("o"):
            return


def shift(state: State, argv: Sequence[Value[Any]]) -> None:
    count = argv[1].x if len(argv) > 1 else "1"
    known = isinstance(count, str) and count.isdigit() and len(count) < 6
    gone = state.arguments[: int(count)] if known else state.arguments
    if not known or any(isinstance(argument.x, Unknown) for argument in gone):
        state.set_arguments((Value(Unknown("arguments that are not known", "$@")),))
    else:
        state.set_arguments(state.arguments[int(count) :])


def read_variables(state: State, argv: Sequence[Value[Any]]) -> None:
    """`read NAME`, `mapfile NAME`, `getopts options NAME`."""
    for word in argv[1:]:
        if isinstance(word.x, str) and _NAME.fullmatch(word.x):
            state.assign(word.x, Value(Unknown(f"${word.x} is read when the script runs", f"${word.x}")))


def unset(state: State, argv: Sequence[Value[Any]]) -> None:
    for word in argv[1:]:
        if isinstance(word.x, str) and _NAME.fullmatch(word.x):
            state.unset(word.x)
            state.functions.pop(word.x, None)


def trap(state: State, argv: Sequence[Value[Any]]) -> None:
    words = [word.x if isinstance(word.x, str) else "?" for word in argv[1:] if word.x != "--"]
    if len(words) < 2 or words[0] in ("-l", "-p"):
        return
    signals = ["EXIT" if word == "0" else signal_name(word) for word in words[1:]]
    kept = tuple(name for name in state.traps if name not in signals)
    state.traps = (*kept, *signals) if words[0] not in ("-", "") else kept


def set_umask(state: State, argv: Sequence[Value[Any]]) -> None:
    state.umask = argv[-1] if len(argv) > 1 else state.umask


def leave(state: State, argv: Sequence[Value[Any]]) -> None:
    ways: dict[str, Leaving] = {"exit": "exit", "return": "return", "break": "break", "continue": "continue"}
    state.leaving = ways[argv[0].x]
    state.failed = argv[0].x == "exit" and argv[1:2] not in ([], [Value("0")])


BUILTINS: dict[str, Callable[[State, Sequence[Value[Any]]], None]] = {
    "cd": change_directory,
    "pushd": change_directory,
    "set": set_options,
    "shift": shift,
    "read": read_variables,
    "mapfile": read_variables,
    "readarray": read_variables,
    "getopts": read_variables,
    "unset": unset,
    "trap": trap,
    "umask": set_umask,
    "exit": leave,
    "return": leave,
    "break": leave,
    "continue": leave,
}
