"""`directive` and `header_line`: single directives of nginx's configuration."""

from __future__ import annotations

from functools import cached_property
from ipaddress import ip_address
from typing import Any

from serveaudit.deployment import Proxy
from serveaudit.formats.nginx import Directive as Facts
from serveaudit.programs.nginx import Scope, at_least, facts, texts
from serveaudit.programs.nginx.levels import effective
from serveaudit.programs.nginx.scopes import written
from serveaudit.programs.nginx.targets import PASSES
from serveaudit.subjects import See
from serveaudit.values import Branch, Items, Place, Unknown, Value
from serveaudit.words import Subject, word

_OF_REQUESTS = frozenset(
    """host x-real-ip x-forwarded-for x-forwarded-proto x-forwarded-host x-forwarded-port x-forwarded-prefix x-forwarded-ssl
    x-forwarded-scheme front-end-https x-scheme x-original-uri x-script-name""".split()
)
"""Headers that only an application reads."""
_OF_ANSWERS = frozenset(
    """strict-transport-security content-security-policy x-frame-options x-content-type-options x-xss-protection referrer-policy
    permissions-policy access-control-allow-origin access-control-allow-methods access-control-allow-headers
    access-control-allow-credentials access-control-expose-headers access-control-max-age""".split()
)
"""Headers that only a browser reads."""
_HIDERS = ("proxy_hide_header", "uwsgi_hide_header", "fastcgi_hide_header", "scgi_hide_header", "grpc_hide_header")
_SEEMS_PRIVATE = (".internal", ".local", ".lan", ".svc", ".consul", ".localdomain", ".home.arpa")


class Directive(Subject):
    """One directive where it stands."""

    def __init__(self, proxy: Proxy, directive: Facts, scope: Scope, see: See) -> None:
        self.proxy = proxy
        self.facts = directive
        self.scope = scope
        self.see = see
        self.place = written(directive)

    @cached_property
    def symbol(self) -> str:  # type: ignore[override]
        """Made when it is asked for: a configuration has very many directives."""
        return f"{self.scope.symbol}/{self.facts.name}".lstrip("/")

    @word()
    def name(self) -> Value[str]:
        return Value(self.facts.name)

    @word()
    def text(self) -> Value[str]:
        """The directive up to its `;` or its block."""
        return Value(" ".join((self.facts.name, *self.facts.texts)), (written(self.facts),))

    @word()
    def arguments(self) -> Value[list[str]]:
        """What follows its name."""
        members: tuple[Value[str], ...] = tuple(texts.of_word(each) for each in self.facts.args)
        complete = Unknown("a template decides what it says") if self.facts.torn else True
        return Value(Items(members, complete), (written(self.facts),))

    @word()
    def public_resolvers(self) -> Value[list[str]]:
        """The addresses among its arguments that lie on the internet."""
        members: tuple[Value[str], ...] = tuple(
            Value(each.text, (Place(each.span),)) for each in self.facts.args if _is_public(each.text)
        )
        return Value(Items(members), tuple(place for member in members for place in member.places))

    @word("there is no such directive any more")
    def removed(self) -> Value[bool]:
        """Whether the release of nginx has the directive no more; a choice where the release is not known."""
        known = facts().directives.get(self.facts.name)
        if known is None or not known.until:
            return Value(False)
        gone = at_least(self.proxy.config.version, known.until)
        if gone is not None:
            return Value(gone, (written(self.facts),))
        cases: tuple[tuple[str, Value[bool]], ...] = (
            (f"nginx before {known.until}", Value(False)),
            (f"nginx {known.until} or newer", Value(True)),
        )
        return Value(Branch("the version of nginx", cases), (written(self.facts),))

    @word()
    def removed_in(self) -> Value[str]:
        """The first release without it."""
        known = facts().directives.get(self.facts.name)
        return Value(known.until if known and known.until else None)

    @word()
    def in_own_words(self) -> Value[str]:
        """A listener's way to ask for HTTP/2 that became a directive of its own in 1.25.1; None for another one."""
        asks = self.facts.name == "listen" and "http2" in self.facts.texts[1:]
        return Value("listen … http2" if asks else None, (written(self.facts),))

    @word()
    def since_own_directive(self) -> Value[bool]:
        """Whether the release of nginx has `http2` as a directive: from 1.25.1 on."""
        newer = at_least(self.proxy.config.version, "1.25.1")
        return Value(Unknown("the version of nginx is not known", "deployment.nginx") if newer is None else newer)


class HeaderLine(Directive):
    """A line that sets a header of requests (`proxy_set_header`) or of answers (`add_header`)."""

    kind = "header_line"

    @word()
    def header(self) -> Value[str]:
        """The header's name as written."""
        return Value(self.facts.texts[0], (written(self.facts),))

    @word()
    def lower(self) -> Value[str]:
        """The header's name in small letters."""
        return Value(self.facts.texts[0].lower(), (written(self.facts),))

    @word()
    def answers(self) -> Value[bool]:
        """Whether it is for answers (`add_header`), and not for requests to the application."""
        return Value(self.facts.name == "add_header")

    @word()
    def value(self) -> Value[str]:
        """The header's value as written."""
        return texts.of_text(self.facts.texts[1], written(self.facts))

    @word("sent with good answers and redirects only")
    def always(self) -> Value[bool]:
        """Whether it is sent with errors too."""
        return Value("always" in self.facts.texts[2:], (written(self.facts),))

    @word()
    def meant_for_requests(self) -> Value[bool]:
        """Whether only applications read a header of this name."""
        return Value(self.facts.texts[0].lower() in _OF_REQUESTS, (written(self.facts),))

    @word()
    def meant_for_answers(self) -> Value[bool]:
        """Whether only browsers read a header of this name."""
        return Value(self.facts.texts[0].lower() in _OF_ANSWERS, (written(self.facts),))

    @word()
    def other_way_too(self) -> Value[bool]:
        """Whether the same header is also set the other way where this line holds: then both are meant."""
        other = "proxy_set_header" if self.facts.name == "add_header" else "add_header"
        found = effective(self.scope, other)
        same = [line for line in found if line.texts and line.texts[0].lower() == self.facts.texts[0].lower()]
        if same or found.complete is True:
            return Value(bool(same), tuple(map(written, same[:1])))
        return Value(found.complete)

    @word()
    def passes_on(self) -> Value[bool]:
        """Whether requests are passed on where it stands, or further in."""
        blocks = self.scope.walk() if self.scope.kind != "location/if" else self.scope.chain()
        return Value(any(found.own(name) for found in blocks for name in PASSES))

    @word()
    def hides_original(self) -> Value[bool]:
        """Whether the application's own header of this name is taken out (`proxy_hide_header`)."""
        hidden = [line for name in _HIDERS for line in effective(self.scope, name)]
        return Value(any(line.texts[:1] and line.texts[0].lower() == self.facts.texts[0].lower() for line in hidden))

    @word()
    def without_content(self) -> Value[bool]:
        """Whether its block answers with a status that has no content, and so no Content-Type of its own: `return 204`."""
        returned = [line for line in self.scope.own("return") if line.texts[:1] in (["204"], ["304"])]
        return Value(bool(returned), tuple(map(written, returned)))

    @word("a line break in the value")
    def multiline(self) -> Value[bool]:
        """Whether its value stretches over lines."""
        return Value("\n" in self.facts.texts[1], (written(self.facts),))


def _is_public(said: str) -> bool:
    host = said.rpartition(":")[0] if said.count(":") == 1 or "]:" in said else said
    if "=" in said or said.endswith(_SEEMS_PRIVATE):
        return False
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    return address.is_global and not (address.version == 6 and address.is_site_local)


def of_directive(proxy: Proxy, directive: Facts, scope: Scope, see: See) -> Any:
    """The subject for a directive: one that sets a header says more."""
    heads = directive.name in ("add_header", "proxy_set_header") and len(directive.args) > 1
    return (HeaderLine if heads else Directive)(proxy, directive, scope, see)
