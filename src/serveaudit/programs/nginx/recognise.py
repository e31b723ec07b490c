"""Is this text nginx's? By its content: the names of files tell little."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from serveaudit.formats.nginx import Directive, Tree, parse
from serveaudit.programs.nginx.facts import facts
from serveaudit.source import SourceFile

Kind = Literal["whole", "fragment", "snippet"]

_MAIN = frozenset(("http", "events", "stream", "mail"))
_HTTP = frozenset(("server", "upstream", "map", "geo", "limit_req_zone", "limit_conn_zone", "proxy_cache_path", "log_format"))
_TELLING = re.compile(
    r"^[ \t]*(?:(?:server|http|events|stream|mail)\s*\{|location\s+[^;{}\n]+\{|upstream\s+\S+\s*\{"
    r"|(?:map|geo)\s+[^;{}\n]*\$\w+\s*\{"
    r"|(?:proxy|uwsgi|fastcgi|scgi|grpc|ssl|add|client|server|large|gzip|real|set_real|limit|worker|auth|sub)_\w+\s+[^=(;\n]+;"
    r"|(?:worker_processes|daemon|load_module|include|resolver|access_log|error_log)\s+[^=(;\n]+;)",
    re.MULTILINE,
)
_FOREIGN = (
    "more_",
    "lua_",
    "brotli",
    "zstd",
    "pagespeed",
    "passenger",
    "modsecurity",
    "vhost_traffic",
    "geoip2",
    "headers_more",
)
_OPAQUE = frozenset(("map", "geo", "types", "split_clients", "charset_map", "match"))
_ENOUGH = 0.6
_LOOKED_AT = 400
_MOST_PROBLEMS = 5
_OTHERWISE = re.compile(
    r"\s*(?:#(?!!)[^\n]*\n\s*)*(?:#!|[^\sa-z{<}#]|(?:import|from|def|class|const|let|var|function|package|return|export)\b|\w+[:=(])"
)
"""How the programs and texts begin in which configurations are quoted: `import x`, `#!/bin/sh`, `data:`."""
_READ = 20_000
"""Characters that are enough to tell what a text is."""


def kind_of(tree: Tree) -> Kind:
    """What a file of nginx is: `whole` (http or events inside), `fragment` (server blocks and what stands beside them), or
    `snippet` (what is included into a server or a location)."""
    names = [directive.name for directive in tree.directives]
    if any(directive.name == "server" and _of_stream(directive) for directive in tree.directives):
        return "snippet"
    if any(directive.name in _MAIN and directive.block is not None for directive in tree.directives):
        return "whole"
    if any(name in _HTTP for name in names):
        return "fragment"
    known = facts().directives
    if any(name in known and known[name].allowed_in("main") and not known[name].allowed_in("http") for name in names):
        return "whole"
    return "snippet"


def _of_stream(server: Directive) -> bool:
    """Whether it is a server block of `stream {}`, which passes connections on by itself."""
    return any(inner.name in ("proxy_pass", "ssl_preread", "proxy_timeout") for inner in server.block or ())


def looks_like(source: SourceFile) -> Kind | None:
    """What a text of nginx's is, by its first part; None for a text of anything else."""
    beginning = source.text[:_READ]
    if not _TELLING.search(beginning) or _OTHERWISE.match(beginning):
        return None
    tree = parse(source if len(beginning) == len(source.text) else SourceFile(source.path, beginning))
    named = [directive for directive in _told(tree.directives) if not directive.inserted]
    if not named or len(tree.problems) > _MOST_PROBLEMS:
        return None
    kind = kind_of(tree)
    strange = [directive for directive in named if not _fits(directive)]
    if len(strange) > (1 - _ENOUGH) * len(named):
        return None
    if kind == "snippet":
        return kind if _surely_snippet(tree, named, strange) else None
    return kind if _has_substance(tree.directives, kind) else None


def _told(directives: Sequence[Directive]) -> list[Directive]:
    """The first directives, without the entries of tables."""
    found: list[Directive] = []
    stack = list(reversed(directives))
    while stack and len(found) < _LOOKED_AT:
        directive = stack.pop()
        found.append(directive)
        if directive.block and directive.name not in _OPAQUE:
            stack += reversed(directive.block)
    return found


def _fits(directive: Directive) -> bool:
    known = facts().directives.get(directive.name)
    if known is None:
        return directive.name.startswith(_FOREIGN) or directive.name.endswith(("_by_lua", "_by_lua_block", "_by_lua_file"))
    return any(form.block == (directive.block is not None) for form in known.forms)


def _surely_snippet(tree: Tree, named: list[Directive], strange: list[Directive]) -> bool:
    telling = any("_" in found.name or found.name == "location" for found in named if found not in strange)
    return telling and not strange and (not tree.problems or len(tree.source.text) == _READ)


def _has_substance(directives: Sequence[Directive], kind: Kind) -> bool:
    """Whether a block is there that only nginx has: other programs know `server { … }` too, but not what stands inside."""
    for directive in directives:
        if kind == "whole" and directive.name in _MAIN | {"worker_processes", "load_module", "daemon", "pid"}:
            return True
        if (
            directive.name == "server"
            and directive.block is not None
            and not directive.args
            and any(map(_fits, directive.block))
        ):
            return True
        if directive.name == "upstream" and any(inner.name == "server" for inner in directive.block or ()):
            return True
        if (
            directive.name in ("map", "geo")
            and directive.block is not None
            and directive.texts[-1:]
            and "$" in directive.texts[-1]
        ):
            return True
    return any(directive.name in _HTTP and "_" in directive.name for directive in directives)
