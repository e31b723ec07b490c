"""What a block does with a request: passes it on, answers it, or serves a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import texts
from serveaudit.programs.nginx.choice import Modifier
from serveaudit.programs.nginx.levels import effective, own_branch
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.programs.nginx.targets import PASSES
from serveaudit.values import How, Place, Unknown, Value

Handler = Literal["http", "uwsgi", "fastcgi", "scgi", "grpc", "memcached", "return", "static", "other", "none"]
"""A protocol by which requests are passed on; `other`: a module that answers by itself (`stub_status`, a script)."""

REDIRECTS = frozenset(("301", "302", "303", "307", "308"))
_OTHERS = ("stub_status", "empty_gif", "flv", "mp4", "perl", "autoindex", "dav_methods", "js_content", "api", "status", "hls")
_MODIFIERS: Final[tuple[Modifier, ...]] = ("=", "^~", "~*", "~", "@")


def read_uri(directive: Directive) -> tuple[Modifier, Value[str]]:
    """A location's modifier and its path, pattern or name (`location ~* \\.php$`, `location =/x`, `location @app`)."""
    words = directive.args
    place = Place(directive.head)
    if directive.torn or not words:
        return "", Value(Unknown("a template decides what it matches" if directive.torn else "it matches nothing"), (place,))
    first = words[0].text
    if len(words) > 1:
        modifier: Modifier = next((known for known in _MODIFIERS if known == first), "")
        return modifier, _pattern(words[1].text, place)
    for known in _MODIFIERS:
        if first.startswith(known):
            return known, _pattern(first if known == "@" else first[len(known) :], place)
    return "", _pattern(first, place)


def _pattern(text: str, place: Place) -> Value[str]:
    """A pattern's `$` is no variable, but a template's expression still is unknown."""
    return (
        texts.of_text(text, place)
        if "{{" in text or "<%" in text or re.search(r"\$\{?[A-Z_]{2,}", text)
        else Value(text, (place,))
    )


def passes(scope: Scope) -> list[Directive]:
    """The block's own `…_pass` directives; those of the enclosing location for an `if` and a `limit_except` without any."""
    for level in scope.chain():
        own = [found for name in PASSES for found in level.own(name)]
        if own or level.kind not in ("location/if", "limit_except"):
            return own
    return []


@dataclass(frozen=True, slots=True)
class Return:
    """A `return`. `status` is empty for a bare address (a redirect, 302); `to` is the text or address, None: there is none."""

    status: str
    to: Value[Any]
    directive: Directive

    @property
    def redirects(self) -> bool:
        return self.status in REDIRECTS or (not self.status and self.to.x is not None)


def returns(scope: Scope) -> Return | None:
    """What the block's first unconditional `return`, or a redirecting `rewrite ^`, answers to every request."""
    for directive in scope.directives:
        if directive.name == "return" and directive.args and not own_branch(scope, directive) and not directive.torn:
            return _return(directive)
        if directive.name == "rewrite" and _always_redirects(directive) and not own_branch(scope, directive):
            status = "301" if directive.texts[-1] == "permanent" else "302"
            return Return(status, texts.of_text(directive.args[1].text, written(directive)), directive)
    return None


def _return(directive: Directive) -> Return:
    first, *rest = directive.texts
    place = written(directive)
    if re.fullmatch(r"\d{3}", first):
        return Return(first, texts.of_text(rest[0], place) if rest else Value(None, (place,)), directive)
    return Return("", texts.of_text(first, place), directive)


def _always_redirects(directive: Directive) -> bool:
    words = directive.texts
    if len(words) < 2 or words[0] not in (
        "^",
        ".*",
        "^.*",
        "^(.*)",
        "^(.*)$",
        "^.*$",
        "^/(.*)",
        "^/(.*)$",
        "(.*)",
        "^/",
        ".*$",
    ):
        return False
    return words[-1] in ("permanent", "redirect") or words[1].startswith(("http://", "https://", "$scheme"))


def handler(scope: Scope) -> Handler:
    """What answers in the end. `none`: nothing is said, nginx looks for a file below its default root."""
    if returns(scope):
        return "return"
    passing = passes(scope)
    if passing:
        return PASSES[passing[-1].name]
    if any(scope.own(name) for name in _OTHERS) or any(found.name.endswith("_by_lua_block") for found in scope.directives):
        return "other"
    if any(found.name.endswith(("_pass", "content_by_lua", "content_by_lua_file")) for found in scope.directives):
        return "other"
    files = scope.own("try_files") or effective(scope, "root", "alias").directives
    return "static" if files else "none"


@dataclass(frozen=True, slots=True)
class Files:
    """From where files are served: below `directory`, to which the whole path is added (`root`) or what follows the
    location's own (`alias`)."""

    kind: Literal["root", "alias"]
    directory: Value[str]
    directive: Directive


def files(scope: Scope) -> Files | None:
    """The directory in effect; None where neither `root` nor `alias` is written (nginx then uses html/ below its prefix)."""
    found = effective(scope, "root", "alias")
    lines = [line for line in found if line.args]
    if not lines:
        return None
    line = lines[-1]
    unsure = line.torn or (found.level is not None and bool(own_branch(found.level, line)))
    directory: Value[Any] = texts.of_text(line.args[0].text, written(line))
    if unsure or found.shadow is not None:
        why = found.shadow if found.shadow is not None else Unknown("a template decides which directory it is")
        directory = Value(why, directory.places)
    return Files("root" if line.name == "root" else "alias", directory, line)


def restricted(scope: Scope) -> Value[bool]:
    """Whether not everybody is let in: `deny`, a password, a sub-request, a client certificate, or `internal`."""
    for names, allows in _GUARDS:
        found = effective(scope, *names)
        lines = [line for line in found if line.texts[:1] != ["off"] and line.name not in allows]
        if lines:
            return Value(True, tuple(written(line) for line in lines))
        if found.shadow is not None or found.more is not None:
            return Value(found.complete, (scope.missing("an include that was not read may restrict it"),))
    return Value(False, (scope.missing("nothing restricts it", How.ABSENT),))


_GUARDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("internal",), ()),
    (("deny", "allow"), ("allow",)),
    (("auth_basic",), ()),
    (("auth_request",), ()),
    (("auth_jwt",), ()),
    (("ssl_verify_client",), ()),
)
