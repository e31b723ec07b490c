"""`location`: a block of nginx that answers requests, as nginx itself sees it: who is let in, which files, where to.

What an application sees of the same block are the words of `route`.
"""

from __future__ import annotations

import posixpath
from ipaddress import ip_address
from typing import Any

from serveaudit.deployment import Proxy
from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import Location as Facts
from serveaudit.programs.nginx.access import Access, answers_before_access, restricted_exactly
from serveaudit.programs.nginx.alphabets import begins_with, of_group
from serveaudit.programs.nginx.handlers import Files
from serveaudit.programs.nginx.inputs import Inputs
from serveaudit.programs.nginx.levels import effective
from serveaudit.programs.nginx.scopes import written
from serveaudit.programs.nginx.shadowing import refused
from serveaudit.programs.nginx.texts import uses
from serveaudit.programs.nginx.upstream_choice import chosen_by_client
from serveaudit.programs.nginx.variables import Variables
from serveaudit.subjects import See
from serveaudit.units import Address
from serveaudit.values import Items, Unknown, Value
from serveaudit.words import Subject, word

_HARMLESS_IN_IF = frozenset(
    "return rewrite set break access_log error_log limit_rate limit_rate_after rewrite_log log_not_found log_subrequest".split()
)
"""The rewrite module's directives, and those whose manual shows them in an `if`."""


class Location(Subject):
    """A location, an `if` in one, or a server block where no location matches."""

    def __init__(self, location: Facts, proxy: Proxy, see: See) -> None:
        self.proxy = proxy
        self.facts = location
        self.see = see
        self.place = location.place
        self.symbol = location.symbol

    # what it is

    @word()
    def label(self) -> Value[str]:
        """As it is written: `location /static`, `if ($slow)`, `server`."""
        return Value(self.place.span.text.split("\n")[0] if self.place else "", (self.facts.place,))

    @word()
    def modifier(self) -> Value[str]:
        """`=`, `^~`, `~`, `~*`, `@`, or nothing; `server` for a server block itself, `if` for a condition."""
        return Value(self.facts.modifier, (self.facts.place,))

    @word("taken for {it} and what begins with it")
    def path(self) -> Value[str]:
        """Its path, or its pattern."""
        return self.facts.path

    @word()
    def internal(self) -> Value[bool]:
        """Whether no client can ask for it directly."""
        return Value(bool(effective(self.facts.scope, "internal").directives))

    @word(gives="route")
    def route(self) -> Any:
        return self.see((self.proxy, self.facts))

    @word(gives="site")
    def site(self) -> Any:
        return self.see((self.proxy, self.facts.site))

    @word()
    def faces_clients(self) -> Value[bool]:
        """Whether clients reach it without another proxy before it."""
        outer: Value[bool] = self.see(self.proxy.running.context).outer_proxy
        return outer.map(lambda stands: Unknown("another proxy stands before it") if stands else True)

    # who is let in

    @word("lets in {it}")
    def allowed(self) -> Value[list[str]]:
        """The addresses that `allow` lets in, here or further out."""
        lines = effective(self.facts.scope, "allow", "deny")
        places = tuple(written(line) for line in lines if line.name == "allow")
        return Value(Access(self.facts.scope).allowed.x, places[:1])

    @word()
    def denies(self) -> Value[bool]:
        """Whether a `deny` stands beside."""
        rules = Access(self.facts.scope).lines
        if isinstance(rules.x.complete, Unknown) and not Access(self.facts.scope).denies:
            return Value(rules.x.complete)
        return Value(Access(self.facts.scope).denies)

    @word()
    def password_instead(self) -> Value[bool]:
        """Whether `satisfy any` lets in those who know a password as well."""
        return Access(self.facts.scope).by_password_too

    @word()
    def restricted(self) -> Value[bool]:
        """Whether not everybody is let in."""
        return self.facts.restricted

    @word("keeps somebody out, at this path alone")
    def restricts(self) -> Value[bool]:
        """Whether it keeps somebody out by rules of its own."""
        return restricted_exactly(self.facts.scope)

    @word("only these may ask")
    def access_rules(self) -> Value[list[str]]:
        """The `allow` and `deny` lines that hold."""
        lines = Access(self.facts.scope).lines
        return Value(lines.x, lines.places[-1:], lines.assumes)

    @word("answers everybody, before addresses are looked at")
    def answers_first(self) -> Value[str]:
        """The `return` that answers before the address rules are asked; None where none does."""
        found = answers_before_access(self.facts.scope)
        return Value(" ".join((found.name, *found.texts[:1])), (written(found),)) if found else Value(None)

    @word()
    def private_listener(self) -> Value[bool]:
        """Whether its site listens on a socket file, the loopback or a private address alone."""
        addresses = [listen.address.x for listen in self.facts.site.listens]
        return Value(bool(addresses) and all(isinstance(one, Address) and _private(one) for one in addresses))

    @word("nginx's counters")
    def status_page(self) -> Value[bool]:
        """Whether it shows nginx's connections and requests (`stub_status`)."""
        own = self.facts.scope.own("stub_status")
        return Value(bool(own), tuple(written(line) for line in own))

    # files

    @word("takes files from {it}")
    def alias(self) -> Value[str]:
        """The directory of its own `alias`; None where it has none."""
        found = self._own_files("alias")
        return found.directory if found else Value(None)

    @word("files are looked for below {it}")
    def directory(self) -> Value[str]:
        """The directory from which it serves files, normalized; None where it serves none."""
        found = self.facts.files
        if found is None or self.facts.handler != "static":
            return Value(None)
        return found.directory.map(lambda text: posixpath.normpath(text).replace("//", "/") if "$" not in text else text)

    def _own_files(self, kind: str) -> Files | None:
        found = self.facts.files
        return found if found and found.kind == kind and self.facts.scope.own(kind) else None

    @word("what follows {it} is put behind the directory, `../` as well")
    def slips_out(self) -> Value[str]:
        """The path or pattern that lets `..` out of its alias: it ends without the slash that the directory ends with; None
        where it does not."""
        alias = self.alias
        if not isinstance(alias.x, str) or not isinstance(self.facts.uri, str):
            return Value(None)
        plain = self.facts.modifier in ("", "^~") and alias.x.endswith("/") and not self.facts.uri.endswith("/")
        slips = plain or (self.facts.regex and _group_slips(self.facts.uri, alias.x))
        return Value(self.facts.uri if slips else None, (self.facts.place,))

    @word("lists a directory's files")
    def lists_directories(self) -> Value[bool]:
        """Whether it shows a directory's content where no index is there."""
        if self.facts.handler not in ("static", "other", "none"):
            return Value(False)
        return self.facts.flag("autoindex")

    # where to

    @word("a client chooses {it}")
    def client_target(self) -> Value[list[str]]:
        """The variables by which a client chooses the scheme or the host that nginx connects to."""
        passes = self._own_pass()
        if passes is None:
            return Value(Items(()))
        found = chosen_by_client(passes, self.facts.scope, self._variables)
        members: tuple[Value[str], ...] = tuple(Value(one.name, (one.place,) if one.place else ()) for one in found)
        return Value(Items(members), (written(passes),) if members else ())

    @word()
    def only_host_chosen(self) -> Value[bool]:
        """Whether nothing but the Host header decides where to, and the site takes no host but its own names."""
        passes = self._own_pass()
        found = chosen_by_client(passes, self.facts.scope, self._variables) if passes else []
        if any(one.source != "$host" for one in found):
            return Value(False)
        only: Value[bool] = self.site.own_names_only
        return only

    @word("passes on {it}, decoded")
    def decoded_group(self) -> Value[str]:
        """The part of the path that `proxy_pass` sends on decoded, so that a space or a question mark breaks the request; None
        where there is none."""
        passes = self._own_pass()
        if passes is None or passes.name != "proxy_pass" or not passes.args:
            return Value(None)
        text = passes.args[0].text
        for found in Inputs(self._variables, passes, self.facts.scope).of(text):
            grouped = found.place is not None and found.may_hold("?") and found.may_hold(" ")
            if grouped and "/" in text[: found.start].partition("://")[2]:
                return Value(found.name, (written(passes),))
        return Value(None)

    @word("becomes the path as it was sent, still encoded")
    def encoded_again(self) -> Value[str]:
        """The rewrite to `$request_uri` after which `proxy_pass` encodes the path a second time; None where there is none."""
        passes = self._own_pass()
        if passes is None or passes.name != "proxy_pass" or not passes.args or "$" in passes.args[0].text:
            return Value(None)
        for rewrite in self.facts.scope.own("rewrite"):
            if rewrite.texts[1:2] and rewrite.texts[1].startswith("$request_uri"):
                return Value("$request_uri", (written(rewrite), written(passes)))
        return Value(None)

    def _own_pass(self) -> Directive | None:
        found = self.facts.passes
        return found if found is not None and found in self.facts.scope.directives else None

    @property
    def _variables(self) -> Variables:
        return self.facts.around.variables

    # what it says

    @word("{it} in an if")
    def unsafe_in_if(self) -> Value[str]:
        """The first directive of a condition in a location that does not work there as it reads; None where there is none. A
        condition that answers by itself (`return`) may say what it likes."""
        scope = self.facts.scope
        if scope.kind != "location/if" or scope.own("return"):
            return Value(None)
        found = [line for line in scope.directives if line.name not in _HARMLESS_IN_IF]
        redirected = [line for line in scope.own("rewrite") if line.texts[2:3] in (["last"], ["redirect"], ["permanent"])]
        return Value(found[0].name, (written(found[0]),)) if found and not redirected else Value(None)

    @word("this takes all of its requests")
    def shadowed_by(self) -> Value[str]:
        """The location that takes all of its requests; None where some may come to it."""
        other = self._shadowing.get(id(self.facts.scope.directive))
        return Value(other.label, (self.facts.place, other.place)) if other else Value(None)

    @word()
    def refused_twice(self) -> Value[bool]:
        """Whether nginx does not start because another location says the same."""
        other = self._shadowing.get(id(self.facts.scope.directive))
        return Value(other is not None and refused(self.facts, other))

    @property
    def _shadowing(self) -> dict[int, Facts]:
        return self.site.shadowing  # type: ignore[no-any-return]


def _private(address: Address) -> bool:
    if address.kind == "unix" or address.loopback:
        return True
    try:
        return ip_address(address.host).is_private and not address.everywhere
    except ValueError:
        return False


def _group_slips(pattern: str, alias: str) -> bool:
    """Whether a group that may begin with a dot stands right behind a word in a pattern, and right behind a slash in its alias:
    `/images(.*)` with `/srv/images/$1`."""
    for use in uses(alias):
        number = int(use.name) if use.name.isdigit() else 0
        group = pattern.find("(") if number == 1 else -1
        letters = of_group(pattern, number) if number else None
        before = pattern[group - 1 : group] if group > 0 else ""
        behind_word = before.isalnum() or before in ("_", "-")
        if behind_word and letters and {".", "/"} <= letters and alias[: use.start].endswith("/"):
            return not begins_with(pattern, number, "/")
    return False
