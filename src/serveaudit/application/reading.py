"""Which of a request's headers the code of a project reads, found in the text without following it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from serveaudit.formats.python.parsing import Spans, parse
from serveaudit.source import Problem, SourceFile
from serveaudit.values import Place

WORDS = ("orwarded", "ORWARDED", "eal-", "EAL_", "access_route", "get_client_ip", "get_remote_address", "Header(")
"""One of these is in every text that is worth reading."""
_HEADERS = {"x-forwarded-for": "X-Forwarded-For", "x-real-ip": "X-Real-IP"}
_CARRIERS = ("META", "headers", "environ")
_LIMITERS = ("flask_limiter.util", "slowapi.util", "flask_limiter", "slowapi")
_LONGEST = 300_000
"""Characters of a file that is read."""


@dataclass(frozen=True, slots=True)
class HeaderRead:
    """A place where code reads a header. `leftmost`: of a list of addresses it takes the first one, a client's own."""

    header: str
    place: Place
    leftmost: bool = False


@dataclass(frozen=True, slots=True)
class Reads:
    """What the code of a file reads.

    headers     the address headers
    by_peer     where a limiter is told to tell clients apart by the peer's address (`get_remote_address`)
    underscored headers that FastAPI is told to expect with an underscore in their name
    """

    headers: tuple[HeaderRead, ...] = ()
    by_peer: tuple[Place, ...] = ()
    underscored: tuple[HeaderRead, ...] = ()


def header_reads(source: SourceFile) -> Reads:
    """What a file reads; nothing for one that is no Python."""
    if len(source.text) > _LONGEST:
        return Reads()
    tree = source.once(parse)
    if isinstance(tree, Problem):
        return Reads()
    reader = _Reader(Spans(source))
    return Reads(tuple(reader.headers(tree)), tuple(reader.by_peer(tree)), tuple(reader.underscored(tree)))


@dataclass(frozen=True, slots=True)
class _Reader:
    spans: Spans

    def place(self, node: ast.expr | ast.arg) -> Place:
        return Place(self.spans.of(node))

    def headers(self, tree: ast.Module) -> Iterator[HeaderRead]:
        named = dict(_assigned(tree))
        first = {id(node.value): node for node in ast.walk(tree) if isinstance(node, ast.Subscript) and _is_zero(node.slice)}
        taken = set()
        for node in first.values():
            header = _first_of(node.value, named)
            if header:
                taken.add(header)
                yield HeaderRead(header, self.place(node), True)
        for call in _calls_of(tree, "ipware", "get_client_ip"):
            if not {"proxy_count", "proxy_trusted_ips"} & {keyword.arg for keyword in call.keywords}:
                yield HeaderRead("X-Forwarded-For", self.place(call), True)
        asked = {id(node) for node in _asked(tree)}
        for expression in (node for node in ast.walk(tree) if isinstance(node, ast.expr) and id(node) not in asked):
            if (header := _read(expression)) and header not in taken:
                yield HeaderRead(header, self.place(expression))

    def by_peer(self, tree: ast.Module) -> Iterator[Place]:
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module in _LIMITERS
            for alias in node.names
            if alias.name == "get_remote_address"
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and _last(call.func) == "Limiter":
                given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "key_func")]
                yield from (self.place(each) for each in given if isinstance(each, ast.Name) and each.id in names)

    def underscored(self, tree: ast.Module) -> Iterator[HeaderRead]:
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for argument, header in _parameters(function.args):
                    name = _underscored(argument.arg, header)
                    if name:
                        yield HeaderRead(name, self.place(argument))


def _asked(tree: ast.Module) -> Iterator[ast.expr]:
    """What is only asked whether it is there: `bool(x)`, `not x`, `x is None`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _last(node.func) == "bool":
            yield from node.args
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node.operand
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot):
            yield node.left


def _assigned(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names that are given a header's text."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.NamedExpr) else []
        header = _read_inside(node.value) if isinstance(node, ast.Assign | ast.NamedExpr) else ""
        if header:
            yield from ((target.id, header) for target in targets if isinstance(target, ast.Name))


def _read_inside(node: ast.expr) -> str:
    return next((found for each in ast.walk(node) if isinstance(each, ast.expr) and (found := _read(each))), "")


def _read(node: ast.expr) -> str:
    """The header that an expression reads: `request.META["HTTP_X_REAL_IP"]`, `request.headers.get("X-Real-IP")`."""
    if isinstance(node, ast.Subscript):
        return _header(node.slice) if _last(node.value) in _CARRIERS else ""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return ""
    asks = node.func.attr in ("get", "getlist", "get_all") and _last(node.func.value) in _CARRIERS
    return _header(node.args[0]) if asks else ""


def _header(node: ast.expr) -> str:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return ""
    return _HEADERS.get(node.value.lower().removeprefix("http_").replace("_", "-"), "")


def _first_of(node: ast.expr, named: dict[str, str]) -> str:
    """The header whose first part `…[0]` takes: `x.split(",")`, `x.partition(",")`, Flask's `access_route`."""
    if isinstance(node, ast.Attribute) and node.attr == "access_route":
        return "X-Forwarded-For"
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return ""
    if node.func.attr not in ("split", "partition") or not node.args or not _is_comma(node.args[0]):
        return ""
    whole = node.func.value
    while isinstance(whole, ast.Call) and isinstance(whole.func, ast.Attribute) and whole.func.attr in ("strip", "lower"):
        whole = whole.func.value
    header = named.get(whole.id, "") if isinstance(whole, ast.Name) else _read_inside(whole)
    return header if header == "X-Forwarded-For" else ""


def _is_comma(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip() == ","


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _calls_of(tree: ast.Module, package: str, name: str) -> Iterator[ast.Call]:
    """Calls of a function that the file imports from a package."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package
        for alias in node.names
        if alias.name == name
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in imported:
            yield node


def _parameters(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.Call]]:
    """Parameters that FastAPI fills from a header: `a: str = Header(…)`, `a: Annotated[str, Header(…)]`."""
    plain = [*arguments.posonlyargs, *arguments.args]
    filled = [*zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    filled += [(each, default) for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default]
    for argument, default in filled:
        if isinstance(default, ast.Call) and _last(default.func) == "Header":
            yield argument, default
    for argument in (*plain, *arguments.kwonlyargs):
        inner = argument.annotation.slice if isinstance(argument.annotation, ast.Subscript) else None
        for each in inner.elts if isinstance(inner, ast.Tuple) else ():
            if isinstance(each, ast.Call) and _last(each.func) == "Header":
                yield argument, each


def _underscored(name: str, header: ast.Call) -> str:
    """The name with an underscore under which the header is expected; empty for every other one."""
    options = {keyword.arg: keyword.value for keyword in header.keywords}
    alias, convert = options.get("alias"), options.get("convert_underscores")
    if isinstance(alias, ast.Constant) and isinstance(alias.value, str):
        return alias.value if "_" in alias.value else ""
    kept = isinstance(convert, ast.Constant) and convert.value is False
    return name if kept and "_" in name else ""
