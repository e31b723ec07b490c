"""What a script's commands read and write: here-documents, redirections, copies."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from serveaudit.following.decisions import shown
from serveaudit.following.process import Process
from serveaudit.following.writing import Chunk, edited, here_document, is_open, text_of
from serveaudit.following.writing import printed as printed_by
from serveaudit.formats.shell.tree import Group, Pipeline, Simple, Word
from serveaudit.source import SourceFile
from serveaudit.values import Unknown, Value

_SERVER_FILE = re.compile(r"\.(py|ini|toml|json)$")
"""Files in which `$NAME` is nothing but text. In nginx's it is a variable of nginx's own, in systemd's one of the unit's."""
_OUTPUTS = (">", ">>", ">|", "&>", "&>>")


def stdin(process: Process, command: Simple) -> SourceFile | Unknown | None:
    chunks = here_document(command.redirects, process.expander())
    if chunks is not None:
        return text_of(chunks)
    files = [redirect.target for redirect in command.redirects if redirect.operator == "<"]
    return process.read(process.expander().one(files[-1])) if files else None


def output(process: Process, command: Simple) -> Value[str] | None:
    outputs = [each for each in command.redirects if each.operator in _OUTPUTS and each.descriptor in ("", "1")]
    return process.expander().one(outputs[-1].target) if outputs else None


def printed(process: Process, command: Simple, argv: Sequence[Value[Any]] | None = None) -> list[Chunk] | None:
    argv = process.expander(whole=True).many(command.words) if argv is None else argv
    return printed_by(command, argv, process.expander(), process.read, process.own.shell)


def write_output(process: Process, command: Simple, argv: Sequence[Value[Any]]) -> None:
    for redirect in command.redirects:
        if redirect.operator in _OUTPUTS and redirect.descriptor in ("", "1"):
            write(process, redirect.target, printed(process, command, argv) if argv else [], ">>" in redirect.operator)


def write(process: Process, target: Word, chunks: Sequence[Chunk] | None, append: bool) -> None:
    path = process.expander().one(target)
    before = process.read(path) if append else None
    server_file = isinstance(path.x, str) and _SERVER_FILE.search(path.x)
    if chunks is None or isinstance(before, Unknown) or (server_file and any(map(is_open, chunks))):
        text: SourceFile | Unknown = Unknown(f"what is written to {shown(target)} is only known when it runs")
    else:
        text = text_of(chunks, before)
    process.journal.write(path, process.state.cwd, text, process.conditions)


def write_group(process: Process, group: Group) -> bool:
    """`{ echo …; cat …; } > file`."""
    targets = [redirect for redirect in group.redirects if redirect.operator in _OUTPUTS]
    texts = [printed(process, each) for each in group.body if isinstance(each, Simple)]
    known = [text for text in texts if text is not None]
    if not targets or len(known) != len(group.body):
        return False
    write(process, targets[-1].target, [chunk for text in known for chunk in text], ">>" in targets[-1].operator)
    return True


def write_by_tee(process: Process, pipeline: Pipeline) -> bool:
    """`echo … | sudo tee file`."""
    first, final = pipeline.stages[0], pipeline.stages[-1]
    if len(pipeline.stages) != 2 or not isinstance(first, Simple) or not isinstance(final, Simple):
        return False
    words = final.words[1:] if final.word(0) == "sudo" else final.words
    text = printed(process, first) if words and words[0].literal == "tee" else None
    for word in words[1:] if text is not None else ():
        if not (word.literal or "").startswith("-"):
            write(process, word, text, any(each.literal == "-a" for each in words))
    return text is not None


def copy_files(process: Process, argv: Sequence[Value[Any]]) -> None:
    """`cp`, `mv`, `ln`, `install`, `find -exec cp`: the same text in another place. `sed -i`: another text there."""
    name, words = str(argv[0].x), [word for word in argv[1:] if not str(word.x).startswith("-")]
    conditions = process.conditions
    if name in ("cp", "mv", "ln", "install") and len(words) == 2:
        found = process.read(words[0])
        if isinstance(found, SourceFile):
            process.journal.write(_into(words[0], words[1]), process.state.cwd, found, conditions)
        elif isinstance(words[0].x, Unknown) and isinstance(words[1].x, str):
            for each in _matching(process, words[0].x.about):
                path: Value[str] = Value(posixpath.join(words[1].x, posixpath.basename(each.path)), words[1].places)
                process.journal.write(path, process.state.cwd, each, conditions)
    elif name == "find":
        for path, found in _found(process, argv):
            process.journal.write(path, process.state.cwd, found, conditions)
    elif name in ("sed", "perl") and any(re.match(r"-\w*i", str(word.x)) for word in argv[1:]) and words:
        found = process.read(words[-1])
        text = edited(found, words[:-1]) if isinstance(found, SourceFile) and name == "sed" else None
        if text is not None:
            process.journal.write(words[-1], process.state.cwd, text, conditions)
        else:
            process.journal.change(words[-1], process.state.cwd, f"{name} changes it when it starts")


def _found(process: Process, argv: Sequence[Value[Any]]) -> Iterator[tuple[Value[Any], SourceFile]]:
    """`find directory ! -name '*.md' -exec ln -s -t target {} +`: where each file right in the directory comes to lie."""
    words = [word.x if isinstance(word.x, str) else "" for word in argv]
    at = words.index("-exec") + 1 if "-exec" in words else 0
    given = [word for word in argv[at + 1 :] if word.x not in ("{}", "+", ";", "\\;")]
    flags = [word.x for word in given]
    if not at or words[at] not in ("cp", "ln") or not given:
        return
    target = given[flags.index("-t") + 1] if "-t" in flags[:-1] else given[-1]
    names = [(words[each + 1], words[each - 1] in ("!", "-not")) for each in range(1, at - 1) if words[each] == "-name"]
    for source in process.matching(posixpath.join(words[1], "*")):
        name = posixpath.basename(source.path)
        if isinstance(target.x, str) and all(fnmatchcase(name, pattern) is not unwanted for pattern, unwanted in names):
            yield Value(posixpath.join(target.x, name), target.places), source


def _matching(process: Process, pattern: str) -> list[SourceFile]:
    """The files that `directory/*.sh` names: those of a pattern without any letters can be any."""
    named = "/" in pattern and not pattern.startswith("$") and re.search(r"\w", posixpath.basename(pattern))
    return process.matching(pattern) if named else []


def _into(source: Value[Any], target: Value[Any]) -> Value[Any]:
    """Where a copy lies: a target without an ending is a directory if the source has one."""
    if not isinstance(source.x, str) or not isinstance(target.x, str):
        return target
    name, last = source.x.rpartition("/")[2], target.x.rpartition("/")[2]
    directory = not last or ("." in name and "." not in last and last != name)
    return target.map(lambda path: f"{path.rstrip('/')}/{name}") if directory else target
