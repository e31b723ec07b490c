"""What gunicorn makes of a value: its validators (gunicorn/config.py), in the words of a user."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from serveaudit.conversion import Refused, any_case, bounded, whole
from serveaudit.serving import Row
from serveaudit.units import Address
from serveaudit.values import Items, Table, Value


def from_word(row: Row, text: Any) -> Any:
    """The text of a flag, converted by argparse and then checked as a value of a file is. Of a list it is one member."""
    if not isinstance(text, str):
        return text
    if row.type == "list":
        return member(row, text)
    if row.type == "int":
        return bounded(row, whole(row, text))
    return from_file(row, octal(text) if row.type == "octal" else text)


def from_file(row: Row, x: Any) -> Any:
    """The value of a name in a configuration file."""
    check = _CHECKS.get(row.type)
    return check(row, x) if check else x


def octal(text: str) -> int:
    """`022` and `0o22` are octal, `0x12` is hexadecimal, `22` is decimal (auto_int)."""
    try:
        return int(text.replace("0", "0o", 1) if re.match(r"0\d", text) else text, 0)
    except ValueError:
        raise Refused("a number is wanted") from None


def boolean(row: Row, x: Any) -> bool | None:
    """None stays None; of texts only `true` and `false` are taken (validate_bool)."""
    if x is None or isinstance(x, bool):
        return x
    if isinstance(x, str) and x.strip().lower() in ("true", "false"):
        return x.strip().lower() == "true"
    raise Refused("True or False is wanted")


def count(row: Row, x: Any) -> int:
    """A whole number from 0, also as text (validate_pos_int)."""
    if isinstance(x, int):
        return int(bounded(row, int(x)))
    try:
        return int(bounded(row, int(x, 0)))
    except (TypeError, ValueError):
        raise Refused("a whole number is wanted") from None


def text(row: Row, x: Any) -> str | None:
    """None stays None, white space around it goes (validate_string)."""
    if x is None and row.name == "control_socket":
        raise Refused("gunicorn crashes with None; control_socket_disable turns the socket off")
    if x is None or isinstance(x, str):
        return x.strip() if x is not None else None
    raise Refused("a text is wanted")


def several(row: Row, x: Any) -> Items:
    """A list of texts, or one text (validate_list_string)."""
    if not x or x == Table(()):
        return Items(())
    if isinstance(x, str):
        return Items((Value(member(row, x)),))
    if not isinstance(x, Items):
        raise Refused("a text or a list of texts is wanted")
    return Items(tuple(_checked(row, each) for each in x), x.complete)


def _checked(row: Row, each: Value[Any]) -> Value[Any]:
    if each.x is None:
        raise Refused("a list of texts is wanted")
    return each.map(lambda x: member(row, x))


def member(row: Row, x: Any) -> str:
    if not isinstance(x, str):
        raise Refused("a text or a list of texts is wanted")
    if row.name == "bind" and parse_address(x) is None:
        raise Refused("HOST, HOST:PORT, unix:PATH or fd://FD is wanted")
    if row.name == "raw_env" and "=" not in x:
        raise Refused("NAME=value is wanted")
    return x.strip()


def between_commas(row: Row, x: Any) -> Items:
    """A text with commas; of addresses, each must be one, or a network without host bits (validate_string_to_addr_list)."""
    if x is not None and not isinstance(x, str):
        raise Refused("one text with commas is wanted")
    members = [each.strip() for each in (x or "").split(",") if each.strip()]
    for each in members:
        if row.choices and each.lower() not in row.choices:
            raise Refused(f"one of {', '.join(row.choices)} is wanted")
        if row.name.endswith("_allow_ips") and each != "*":
            network(each)
    return Items(tuple(map(Value, members)))


def network(address: str) -> None:
    try:
        ipaddress.ip_network(address)
    except ValueError as error:
        raise Refused(str(error)) from None


def word(row: Row, x: Any) -> str | None:
    """One of a few words. For some, True and False stand for two of them."""
    if x is None:
        return row.default if isinstance(row.default, str) else None
    switch = {"proxy_protocol": ("off", "auto"), "http2_cleartext": ("off", "prior-knowledge")}.get(row.name)
    if switch and isinstance(x, bool):
        return switch[x]
    if not isinstance(x, str):
        raise Refused(f"one of {', '.join(row.choices)} is wanted")
    if row.name == "proxy_protocol":
        x = {"false": "off", "0": "off", "none": "off", "true": "auto", "1": "auto"}.get(x.strip().lower(), x)
    return any_case(row, x)


def mapping(row: Row, x: Any) -> Any:
    if not isinstance(x, Table):
        raise Refused("a dictionary is wanted")
    return x


def function(row: Row, x: Any) -> Any:
    """A function, or the path of one (validate_callable). Functions never get here: they are no plain values."""
    if not isinstance(x, str) or "." not in x:
        raise Refused("a function is wanted")
    return x


def user(row: Row, x: Any) -> Any:
    return int(x) if isinstance(x, str) and x.isdecimal() else x


_CHECKS: dict[str, Callable[[Row, Any], Any]] = {
    "bool": boolean,
    "int": count,
    "octal": count,
    "str": text,
    "class": text,
    "list": several,
    "csv": between_commas,
    "choice": word,
    "dict": mapping,
    "callable": function,
    "user": user,
}


def parse_address(written: str) -> Address | None:
    """gunicorn/util.py, parse_address: a host alone is at port 8000, a port alone at every address. None: it does not start."""
    if written.startswith("unix:"):
        return Address("unix", path=re.sub(r"^unix:(//)?", "", written))
    if written.startswith("fd://"):
        return Address("fd", path=written[5:]) if written[5:].isdecimal() else None
    rest = written.removeprefix("tcp://")
    if "[" in rest and "]" in rest:
        host, port = rest.partition("]")[0][1:], [*rest.split("]:"), "8000"][1]
    else:
        host, port = [*rest.split(":"), "8000"][:2]
    if not port.strip().isdecimal() or int(port) > 65535 or "/" in host:
        return None
    return Address("tcp", host=host.lower(), port=int(port))
