"""`doubled_header`: a header that nginx adds to answers of an application which sends it as well."""

from __future__ import annotations

from serveaudit.deployment import Pairing
from serveaudit.programs.nginx import Added
from serveaudit.programs.nginx.levels import effective
from serveaudit.programs.nginx.scopes import written
from serveaudit.subjects import See
from serveaudit.values import Place, Value
from serveaudit.words import Subject, word

_HIDES = ("proxy_hide_header", "uwsgi_hide_header", "fastcgi_hide_header", "scgi_hide_header")


class DoubledHeader(Subject):
    """One `add_header`, and the line of the application that sends the same."""

    def __init__(self, pairing: Pairing, added: Added, by_app: Place, see: See) -> None:
        self.pairing = pairing
        self.added = added
        self.by_app = by_app
        self.place = written(added.directive)
        self.symbol = f"{pairing.location.symbol}/add_header[{added.name}]"

    @word("nginx adds it")
    def name(self) -> Value[str]:
        """The header's name as nginx has it."""
        return Value(self.added.name, (written(self.added.directive),))

    @word("the application sends it by itself")
    def sent_by_app(self) -> Value[bool]:
        return Value(True, (self.by_app,))

    @word()
    def cors(self) -> Value[bool]:
        """Whether it is one by which browsers decide who may read the answer."""
        return Value(self.added.name.lower().startswith("access-control-"))

    @word()
    def hidden(self) -> Value[bool]:
        """Whether nginx takes the application's out (`proxy_hide_header`)."""
        lines = [line for name in _HIDES for line in effective(self.pairing.location.scope, name)]
        return Value(any(line.texts[:1] and line.texts[0].lower() == self.added.name.lower() for line in lines))

    @word()
    def empty(self) -> Value[bool]:
        """Whether nginx's value is empty, so that it adds nothing."""
        return Value(self.added.value.x is None)
