"""What uWSGI has made of its configuration, read out of its memory by a hook that it runs before anything else.

    UWSGI_HOOK_ASAP='exec:exec python3 uwsgi_memory.py answer.json' uwsgi …

`answer.json` then holds {"options": [[key, text or null], …], "settings": {option: value}, "names": [option, …]}: the ordered
list that uWSGI has made of environment, command line and files, what each option's variable holds, and every option of this
build. The hook fails, so uWSGI ends before it
opens a socket, changes its directory or loads an application. (core/uwsgi.c, uwsgi_setup; uwsgi.h)
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HOOK = "hook-asap"
"""The first option of the list, by which the list is found."""
_FEWEST = 500


class Memory:
    """Another process's memory. What can't be read is zeros."""

    def __init__(self, pid: int) -> None:
        self.program = str(Path(f"/proc/{pid}/exe").readlink())
        self.base = int(Path(f"/proc/{pid}/maps").read_text().partition("-")[0], 16)
        self.file = os.open(f"/proc/{pid}/mem", os.O_RDONLY)

    def read(self, form: str, at: int) -> Any:
        size = struct.calcsize(form)
        try:
            found = os.pread(self.file, size, at)
        except (OSError, OverflowError):
            found = b""
        return struct.unpack(form, found.ljust(size, b"\0"))

    def word(self, at: int) -> int:
        return int(self.read("<Q", at)[0])

    def text(self, at: int) -> str | None:
        """The text that a pointer points at; None of a null pointer."""
        start, found = at, b""
        while at and b"\0" not in found and len(found) < 1 << 16:
            found += self.read(f"{64 - at % 64}s", at)[0]
            at = start + len(found)
        return found.partition(b"\0")[0].decode("utf-8", "replace") if start else None


def symbols(program: str) -> dict[str, int]:
    """The addresses of what a program exports, from its section of dynamic symbols (elf(5))."""
    data = Path(program).read_bytes()
    (table,) = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, table + number * size) for number in range(count)]
    dynamic = next(each for each in sections if each[1] == 11)
    names = sections[dynamic[6]][4]
    found = {}
    for at in range(dynamic[4], dynamic[4] + dynamic[5], 24):
        name, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", data, at)
        found[data[names + name : data.index(b"\0", names + name)].decode()] = value
    return found


def options(memory: Memory, words: list[int]) -> Iterator[tuple[str, int, int]]:
    """Each option's name, the address of the function that takes its value, and that of its variable."""
    for word in words:
        if word > 4096 and memory.text(memory.word(word)) == "socket":
            found = list(_options(memory, word))
            if len(found) > _FEWEST:
                yield from found
                return


def _options(memory: Memory, at: int) -> Iterator[tuple[str, int, int]]:
    while pointer := memory.word(at):
        yield memory.text(pointer) or "", memory.word(at + 24), memory.word(at + 32)
        at += 48


def exported(memory: Memory, words: list[int]) -> list[tuple[str, str | None]]:
    """The list of keys and texts, in order."""
    for number, word in enumerate(words):
        if word > 4096 and memory.text(memory.word(memory.word(word))) == HOOK:
            count = words[number + 1] & 0xFFFFFFFF
            entries = [memory.word(word + 8 * index) for index in range(count)]
            return [(memory.text(memory.word(at)) or "", memory.text(memory.word(at + 8))) for at in entries]
    return []


def _strings(memory: Memory, at: int) -> list[str | None]:
    found, item = [], memory.word(at)
    while item:
        found.append(memory.text(memory.word(item)))
        item = memory.word(item + 40)
    return found


KINDS: dict[str, Callable[[Memory, int], Any]] = {
    "uwsgi_opt_true": lambda memory, at: memory.read("<i", at)[0] != 0,
    "uwsgi_opt_set_int": lambda memory, at: memory.read("<i", at)[0],
    "uwsgi_opt_set_rawint": lambda memory, at: memory.read("<i", at)[0],
    "uwsgi_opt_set_16bit": lambda memory, at: memory.read("<H", at)[0],
    "uwsgi_opt_set_64bit": lambda memory, at: memory.word(at),
    "uwsgi_opt_set_megabytes": lambda memory, at: memory.word(at),
    "uwsgi_opt_set_str": lambda memory, at: memory.text(memory.word(at)),
    "uwsgi_opt_add_string_list": _strings,
}
"""How a variable is read, by the function that writes it."""


def answer(pid: int) -> dict[str, Any]:
    memory = Memory(pid)
    known = symbols(memory.program)
    kinds = {memory.base + at: KINDS[name] for name, at in known.items() if name in KINDS}
    words = list(memory.read("<4096Q", memory.base + known["uwsgi"]))
    there = list(options(memory, words))
    settings = {name: kinds[function](memory, at) for name, function, at in there if function in kinds and at}
    return {"options": exported(memory, words), "settings": settings, "names": [name for name, _, _ in there]}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(answer(os.getppid())))
    sys.exit(1)
