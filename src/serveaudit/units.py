"""Durations, sizes and addresses, as nginx and each server spell them. The unit is in the number's type."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal


class Seconds(float):
    """A duration in seconds."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{float(self):g} s"

    def __add__(self, other: float) -> Seconds:
        return Seconds(float(self) + other)

    __radd__ = __add__

    def __sub__(self, other: float) -> Seconds:
        return Seconds(float(self) - other)

    def __mul__(self, other: float) -> Seconds:
        return Seconds(float(self) * other)

    __rmul__ = __mul__


class Bytes(int):
    """A size in bytes."""

    __slots__ = ()

    def __str__(self) -> str:
        for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if self >= factor and self % factor == 0:
                return f"{int(self) // factor} {unit}"
        return f"{int(self)} bytes"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens or a proxy connects to.

    kind `tcp`: host ("" is every address) and port (None where it can't be known); `unix`: path; `fd`: a descriptor that
    somebody else opened.
    """

    kind: Literal["tcp", "unix", "fd"]
    host: str = ""
    port: int | None = None
    path: str = ""

    @property
    def everywhere(self) -> bool:
        """Whether it takes connections to every address of its machine."""
        return self.kind == "tcp" and self.host in ("", "0.0.0.0", "::", "*")

    @property
    def loopback(self) -> bool:
        """Whether only its own machine can reach it over the network."""
        if self.kind != "tcp":
            return False
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        if self.kind == "unix":
            return f"unix:{self.path}"
        if self.kind == "fd":
            return f"fd://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host or "0.0.0.0"
        return f"{host}:{self.port}" if self.port is not None else host


_LONGEST = 60
"""Characters: longer figures overflow in the programs, and in Python's conversions."""

_NGINX_TIME = re.compile(r"(\d+)(ms|[smhdwMy]?)")
_NGINX_SECONDS = {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}
_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def nginx_time(text: str) -> Seconds | None:
    """`1m30s`, `75`, `500ms`; None for what nginx refuses. Source: nginx.org/en/docs/syntax.html."""
    if len(text) > _LONGEST or not re.fullmatch(f"({_NGINX_TIME.pattern})+", text.replace(" ", "")):
        return None
    return Seconds(sum(int(n) * _NGINX_SECONDS[unit] for n, unit in _NGINX_TIME.findall(text)))


def nginx_size(text: str) -> Bytes | None:
    """`8k`, `1m`, `2G`; None for what nginx refuses. Source: nginx.org/en/docs/syntax.html."""
    found = re.fullmatch(r"(\d{1,18})([kKmMgG]?)", text)
    return Bytes(int(found[1]) * _SIZES[found[2].lower()]) if found else None


_SPAN_NAMES = {
    1e-6: "us",
    0.001: "ms",
    1: " s sec second seconds",
    60: "m min minute minutes",
    3600: "h hr hour hours",
    86400: "d day days",
    604800: "w week weeks",
}
_SPAN_SECONDS = {name: seconds for seconds, names in _SPAN_NAMES.items() for name in names.split(" ")}


def duration(text: str) -> Seconds | None:
    """`1min 30s`, `90`, `1m30s`, `2.5h`: systemd's and compose's spelling; infinity for `infinity`; None for anything else.

    Sources: systemd.time(7); the Compose specification, "Specifying durations".
    """
    text = text.strip()
    if text == "infinity":
        return Seconds("inf")
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text)
    if not parts or re.sub(r"\d+(?:\.\d+)?\s*[a-z]*", "", text).strip() or any(unit not in _SPAN_SECONDS for _, unit in parts):
        return None
    return Seconds(sum(float(n) * _SPAN_SECONDS[unit] for n, unit in parts))


_QUANTITIES = {"": 1}
for _power, _letter in enumerate("kmgt", 1):
    _QUANTITIES |= {_letter: 1000**_power, _letter + "i": 1024**_power}


def quantity(text: str) -> Bytes | None:
    """`512Mi`, `1G` of a Kubernetes resource: powers of ten, with an `i` powers of two; None for anything else."""
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,18})?)([kKMGT]i?|)", text.strip())
    return Bytes(float(found[1]) * _QUANTITIES[found[2].lower()]) if found else None


def compose_size(text: str) -> Bytes | None:
    """`512m`, `1gb` of a compose file: powers of two; None for anything else. Source: the Compose specification."""
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,18})?)\s*([bkmg]?)b?", text.strip().lower())
    return Bytes(float(found[1]) * _SIZES[found[2].replace("b", "")]) if found else None


def cpu_quantity(text: str) -> float | None:
    """`500m` and `2` CPUs of a Kubernetes resource, `1.5` of a compose file; None for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(m?)", text.strip())
    return float(found[1]) / (1000 if found[2] else 1) if found else None


def address(text: str, default_port: int | None = None) -> Address | None:
    """`127.0.0.1:8000`, `[::1]:80`, `:8000`, `8000` is none, `unix:/run/a.sock`, `fd://3`; None for what is no address."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        return Address("unix", path="/" + path.lstrip("/") if path.startswith("//") else path)
    if text.startswith("fd://"):
        return Address("fd", path=text.removeprefix("fd://"))
    text = text.removeprefix("tcp://")
    found = re.fullmatch(r"\[([0-9a-fA-F:.%]+)\](?::(\d{1,9}))?", text) or re.fullmatch(r"([^:\[\]/\s]*)(?::(\d{1,9}))?", text)
    if not found or (not found[1] and not found[2]):
        return None
    port = int(found[2]) if found[2] else default_port
    return Address("tcp", host=found[1], port=port) if port is None or port < 65536 else None
