"""`variable`: a variable where nginx's configuration uses it."""

from __future__ import annotations

from serveaudit.deployment import Proxy
from serveaudit.programs.nginx import Usage
from serveaudit.subjects import See
from serveaudit.values import Place, Unknown, Value
from serveaudit.words import Subject, word


class Variable(Subject):
    """One use of a variable that nothing that was read defines."""

    def __init__(self, proxy: Proxy, usage: Usage, see: See) -> None:
        self.proxy = proxy
        self.usage = usage
        self.see = see
        self.place = Place(usage.span)
        self.symbol = f"variable[{usage.name}]"

    @word()
    def name(self) -> Value[str]:
        """Its name, with the dollar."""
        return Value(f"${self.usage.name}", (Place(self.usage.span),))

    @word()
    def defined(self) -> Value[bool]:
        """Whether a block or a module of nginx's own defines it."""
        return Value(self.proxy.config.variables.knows(self.usage.name), (Place(self.usage.span),))

    @word()
    def perhaps_elsewhere(self) -> Value[bool]:
        """Whether a file that was not read may define it: never sure; or a module that is not nginx's own, which is loaded."""
        foreign = self.proxy.config.foreign
        if foreign is True:
            return Value(True)
        doubts = [doubt for doubt in (self.proxy.config.complete, foreign) if isinstance(doubt, Unknown)]
        return Value(doubts[0] if doubts else False)
