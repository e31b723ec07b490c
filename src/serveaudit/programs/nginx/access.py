"""Who is let in: `allow` and `deny` as they hold in a block, and what answers before nginx asks them.

Sources: nginx.org/en/docs/http/ngx_http_access_module.html; the phases in ngx_http_core_module.h: `rewrite`, `return` and `set`
are carried out before the access phase.
"""

from __future__ import annotations

from dataclasses import dataclass

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import handlers
from serveaudit.programs.nginx.levels import effective
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.values import How, Items, Place, Unknown, Value

_REFUSALS = ("401", "403", "404", "410", "444")
_PASSWORDS = ("auth_basic", "auth_request", "auth_jwt")


@dataclass(frozen=True, slots=True)
class Access:
    """The address rules that hold in a block."""

    scope: Scope

    @property
    def lines(self) -> Value[Items]:
        """The `allow` and `deny` lines in order; incomplete where further ones may hold."""
        found = effective(self.scope, "allow", "deny")
        members: tuple[Value[str], ...] = tuple(
            Value(" ".join((line.name, *line.texts[:1])), (written(line),)) for line in found
        )
        return Value(Items(members, found.complete), tuple(written(line) for line in found), found.assumes)

    @property
    def denies(self) -> bool:
        return any(line.name == "deny" for line in effective(self.scope, "allow", "deny"))

    @property
    def allowed(self) -> Value[Items]:
        """The addresses that `allow` names."""
        found = effective(self.scope, "allow", "deny")
        lines = [line for line in found if line.name == "allow" and line.args]
        return Value(Items(tuple(Value(line.texts[0], (written(line),)) for line in lines), found.complete))

    @property
    def by_password_too(self) -> Value[bool]:
        """Whether `satisfy any` lets in whoever has a password: then an `allow` alone is no mistake."""
        satisfy = effective(self.scope, "satisfy")
        either = any(line.texts[:1] == ["any"] for line in satisfy)
        passwords = [line for name in _PASSWORDS for line in effective(self.scope, name) if line.texts[:1] != ["off"]]
        if satisfy.complete is not True:
            return Value(satisfy.complete)
        return Value(either and bool(passwords), tuple(written(line) for line in passwords[:1]))


def answers_before_access(scope: Scope) -> Directive | None:
    """The `return` that answers in a block, or in a condition of it, with a content and not a refusal or a redirect: nginx
    never gets to the address rules."""
    own = effective(scope, "allow", "deny")
    if own.level is not scope:
        return None
    for level in (scope, *scope.blocks("if")):
        for directive in level.own("return"):
            if not directive.torn and _answers(directive):
                return directive
    return None


def _answers(directive: Directive) -> bool:
    words = directive.texts
    return bool(words) and words[0].isdigit() and words[0] not in _REFUSALS and words[0] not in handlers.REDIRECTS


def restricted_exactly(scope: Scope) -> Value[bool]:
    """Whether a block itself keeps somebody out, by rules of its own."""
    own = [line for name in ("deny", *_PASSWORDS) for line in scope.own(name) if line.texts[:1] != ["off"]]
    if own:
        return Value(True, (written(own[0]),))
    unread: Unknown | None = scope.doubt.unknown if scope.doubt else None
    return Value(unread if unread is not None else False, (Place(scope.head, How.ABSENT),))
