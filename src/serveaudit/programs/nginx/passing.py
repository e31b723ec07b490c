"""Blocks that pass requests on: where to, and what arrives there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import handlers
from serveaudit.programs.nginx.handshake import OPENING, PLAIN, Arriving, arriving, idle_keepalive
from serveaudit.programs.nginx.headers import Headers, request_headers
from serveaudit.programs.nginx.levels import Level, own_branch
from serveaudit.programs.nginx.maps import Evaluator
from serveaudit.programs.nginx.responses import Answer, answer_headers
from serveaudit.programs.nginx.scopes import written
from serveaudit.programs.nginx.targets import PASSES, PREFIXES, Protocol, Target, target
from serveaudit.programs.nginx.upstreams import Upstream
from serveaudit.programs.nginx.variables import Variables
from serveaudit.values import Branch, Place, Unknown, Value


@dataclass(frozen=True, slots=True)
class Around:
    """What the blocks of an http block share. `whole`: every file of it was read."""

    variables: Variables
    upstreams: Mapping[str, Upstream]
    version: Value[str]
    whole: bool


@dataclass(eq=False)
class Passing(Level):
    """A block that may pass requests on: a location, an `if` in one, a server block where no location matches."""

    around: Around = field(repr=False)

    @property
    def place(self) -> Place:
        return Place(self.scope.head)

    @cached_property
    def handler(self) -> handlers.Handler:
        return handlers.handler(self.scope)

    @property
    def passes(self) -> Directive | None:
        """The `…_pass` directive; None: it passes nothing on."""
        found = handlers.passes(self.scope)
        return found[-1] if found and self.handler != "return" else None

    @property
    def passes_itself(self) -> bool:
        """Whether that directive stands in the block itself, and not in the location around it."""
        passes = self.passes
        return passes is not None and any(passes is line for line in self.scope.own(passes.name))

    @property
    def protocol(self) -> Protocol | None:
        """How requests are passed on."""
        return PASSES[self.passes.name] if self.passes else None

    @cached_property
    def target(self) -> Value[Any]:
        """Where requests go, a `Target`; None where nothing is passed on; unknown where a variable or a template decides."""
        found = handlers.passes(self.scope) if self.passes else []
        if not found:
            return Value(None, (self.place,))
        read = [target(one, self.evaluator(), self.around.upstreams, self.around.whole) for one in found]
        arms = [own_branch(self.scope, one) for one in found]
        if not all(arms):
            return read[-1]
        if len({arm[0].choice for arm in arms}) > 1:
            return Value(Unknown("a template decides where requests go"), tuple(written(one) for one in found))
        cases = {arm[0].label: value for arm, value in zip(arms, read, strict=True)}
        if not any(label.startswith("not (") for label in cases):
            cases["otherwise"] = Value(None, (self.place,))
        return Value(Branch(arms[0][0].choice, tuple(cases.items())))

    def evaluator(self, given: Mapping[str, str] | None = None) -> Evaluator:
        """Evaluates texts with variables as they would be here."""
        return Evaluator(self.around.variables, self.scope, given or {})

    @cached_property
    def request_headers(self) -> Headers:
        """The headers that arrive at the application; for a location that passes nothing on, as if it used proxy_pass."""
        return request_headers(self, self.protocol or "http")

    @cached_property
    def handshake(self) -> Arriving:
        """The headers of a websocket's opening as they arrive."""
        return arriving(self, self.request_headers, self.around.variables, OPENING)

    @cached_property
    def plain(self) -> Arriving:
        """The headers of an ordinary request as they arrive."""
        return arriving(self, self.request_headers, self.around.variables, PLAIN)

    @property
    def response_headers(self) -> Answer:
        """The headers that nginx adds to answers."""
        return answer_headers(self.scope)

    @property
    def upstream(self) -> Upstream | None:
        found = self.target.x
        return found.upstream if isinstance(found, Target) else None

    @cached_property
    def idle_keepalive(self) -> Value[Any]:
        """For how long an idle connection to the application is kept, in seconds; None: not at all."""
        if isinstance(self.target.x, Unknown | Branch):
            return Value(self.target.x if isinstance(self.target.x, Unknown) else Unknown("it depends on the target"))
        return idle_keepalive(self, self.plain, self.upstream)

    def passing(self, name: str) -> str:
        """The directive for a setting of the location's protocol: `read_timeout` -> `uwsgi_read_timeout`."""
        return f"{PREFIXES[self.protocol or 'http']}_{name}"

    @property
    def read_timeout(self) -> Value[Any]:
        """How long nginx waits for the application between two reads, in seconds."""
        return self.time(self.passing("read_timeout"))
