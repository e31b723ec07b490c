"""The directives that a build of nginx has, read from the command tables in its binary and its modules.

A directive is an `ngx_command_t` (src/core/ngx_conf_file.h): the name's length and address, the flags that tell contexts and
arguments, and the address of its handler. Binaries are loaded anywhere, so that every address in a table has a relocation.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HTTP = {"http": 0x02, "server": 0x04, "location": 0x08, "upstream": 0x10}
HTTP |= {"server/if": 0x20, "location/if": 0x40, "limit_except": 0x80}
MAIL = {"mail": 0x02, "mail/server": 0x04}
STREAM = {"stream": 0x02, "stream/server": 0x04, "stream/upstream": 0x08}
CONTEXTS = {"main": 0x01, "events": 0x02, "any": 0xFF} | HTTP | MAIL | STREAM
"""A flag each (ngx_http_config.h, ngx_event.h, ngx_mail.h, ngx_stream.h), from the 24th bit on."""
TAKES = {"flag": 0x200, "0+": 0x400, "1+": 0x800, "2+": 0x1000}
BLOCK = 0x100
DIRECT = 0x10000
"""Not told apart: where the module keeps its configuration."""
RELATIVE = (8, 1027)
"""R_X86_64_RELATIVE and R_AARCH64_RELATIVE: the address that stands there is the addend."""
RELA = 4
LOAD = 1
NAME = re.compile(rb"[a-z][a-z0-9_]*\Z")
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the file, and where it is loaded."""

    address: int
    offset: int
    size: int


def commands(path: Path) -> Iterator[tuple[str, int]]:
    """The name and the flags of every directive, in the order of the tables.

    Raises ValueError for what is no ELF file of 64 bits, little endian."""
    binary = path.read_bytes()
    if binary[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path} is no 64-bit little-endian ELF file")
    addends = dict(relocations(binary))
    segments = list(loaded(binary))
    for address, target in addends.items():
        name = found(binary, segments, target, LONGEST).partition(b"\0")[0]
        length = number(binary, segments, address - 8)
        bits = number(binary, segments, address + 8)
        if length == len(name) and NAME.match(name) and 1 << 24 <= bits < 1 << 32 and address + 16 in addends:
            yield name.decode(), bits & ~DIRECT


def flags(form: dict[str, str]) -> int:
    """The flags that stand for a form of the table."""
    contexts = sum(CONTEXTS[context] for context in form["in"].split()) << 24
    takes = TAKES.get(form["takes"]) or sum(1 << int(count) for count in form["takes"].split())
    return contexts | takes | (BLOCK if "block" in form else 0)


def number(binary: bytes, segments: list[Segment], address: int) -> int:
    return int.from_bytes(found(binary, segments, address, 8), "little")


def found(binary: bytes, segments: list[Segment], address: int, size: int) -> bytes:
    """The bytes at an address; none outside of what is loaded."""
    for segment in segments:
        if segment.address <= address < segment.address + segment.size:
            start = segment.offset + address - segment.address
            return binary[start : start + size]
    return b""


def loaded(binary: bytes) -> Iterator[Segment]:
    start, size, count = (*struct.unpack_from("<Q", binary, 32), *struct.unpack_from("<HH", binary, 54))
    for index in range(count):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", binary, start + index * size)
        if kind == LOAD:
            yield Segment(address, offset, length)


def relocations(binary: bytes) -> Iterator[tuple[int, int]]:
    """Where an address is put in when the file is loaded, and which."""
    start, size, count = (*struct.unpack_from("<Q", binary, 40), *struct.unpack_from("<HH", binary, 58))
    for index in range(count):
        section = start + index * size
        kind = struct.unpack_from("<I", binary, section + 4)[0]
        offset, length = struct.unpack_from("<QQ", binary, section + 24)
        if kind == RELA:
            for address, info, addend in struct.iter_unpack("<QQq", binary[offset : offset + length]):
                if info & 0xFFFFFFFF in RELATIVE:
                    yield address, addend
