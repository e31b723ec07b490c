"""Whether a list of trusted peers, as servers take one, holds whoever connects."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from serveaudit.values import Items, Unknown


def members(listed: Any) -> list[str]:
    """A list of peers as each program has it: a text with commas, a list, a flag that stands for everybody."""
    if isinstance(listed, bool):
        return ["*"] if listed else []
    if isinstance(listed, Items):
        return [str(member).strip() for member in listed.plain]
    return [name.strip() for name in listed.split(",") if name.strip()] if isinstance(listed, str) else []


def names_networks(listed: Any) -> bool:
    """Whether a list names networks, which older releases of servers take for the address of nobody."""
    return any("/" in member for member in members(listed))


def holds(listed: Any, local: bool, proxies: Sequence[str] = (), networks: bool = True) -> bool | Unknown:
    """Whether a list holds a proxy: one on the server's own machine (`local`), else one that surely has the addresses
    `proxies`. `networks` tells whether the server knows networks at all."""
    told = [member for member in members(listed) if networks or "/" not in member]
    if "*" in told:
        return True
    if isinstance(listed, Items) and isinstance(listed.complete, Unknown):
        return listed.complete
    if local:
        return any(map(_is_loopback, told))
    others = [member for member in told if not _is_loopback(member)]
    covered = {_covers(others, proxy) for proxy in proxies}
    if not others or len(covered) == 1:
        return covered.pop() if others else False
    return Unknown(f"whether {', '.join(others)} is the proxy's address is not known", "deployment.trusted-proxies")


def _covers(others: Sequence[str], proxy: str) -> bool | Unknown:
    """Whether an address or a network lies in one of the others; unknown for a part of it, or a name among them."""
    found: list[bool | Unknown] = []
    for member in others:
        try:
            outer, inner = ipaddress.ip_network(member, strict=False), ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            found.append(Unknown(f"whether {member} is {proxy} is not known"))
            continue
        inside = outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]
        found.append(inside or (Unknown(f"{member} is a part of {proxy}") if inner.overlaps(outer) else False))
    return True if True in found else next((each for each in found if isinstance(each, Unknown)), False)


def _is_loopback(member: str) -> bool:
    try:
        return ipaddress.ip_network(member, strict=False).is_loopback
    except ValueError:
        return member == "localhost"
