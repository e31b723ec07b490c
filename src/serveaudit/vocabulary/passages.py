"""Places in nginx's texts: patterns, groups, variables that clients fill, shapes of published faults, comparisons."""

from __future__ import annotations

from serveaudit.deployment import Proxy
from serveaudit.programs.nginx import Usage
from serveaudit.programs.nginx.ambiguity import exponential
from serveaudit.programs.nginx.decisions import Comparison as ComparisonFacts
from serveaudit.programs.nginx.memory_bugs import Shape as ShapeFacts
from serveaudit.programs.nginx.newlines import Injection as InjectionFacts
from serveaudit.programs.nginx.origins import MISSPELT, foreign_match, never_sent
from serveaudit.programs.nginx.patterns import Pattern as PatternFacts
from serveaudit.programs.nginx.scopes import written
from serveaudit.subjects import See
from serveaudit.values import Place, Value
from serveaudit.words import Subject, word


class Pattern(Subject):
    """A regular expression, with what it is matched against."""

    def __init__(self, proxy: Proxy, pattern: PatternFacts, see: See) -> None:
        self.proxy = proxy
        self.facts = pattern
        self.see = see
        self.place = Place(pattern.word.span)
        self.symbol = f"{pattern.scope.symbol}/{pattern.directive.name}[{pattern.text}]"

    @word()
    def text(self) -> Value[str]:
        """The expression itself."""
        return Value(self.facts.text, (Place(self.facts.word.span),))

    @word()
    def against(self) -> Value[str]:
        """What it is matched against: `$uri`, `$http_origin`, `$host`."""
        return Value(self.facts.against)

    @word("matches {it} too")
    def foreign_match(self) -> Value[str]:
        """An Origin or Referer of somebody else's site that it matches; None where none is found."""
        return Value(foreign_match(self.facts), (Place(self.facts.word.span),))

    @word("no browser sends a header of this name")
    def misspelt(self) -> Value[str]:
        """The variable of the header that is meant, where it is matched against one that no browser sends."""
        meant = MISSPELT.get(self.facts.against.lower().lstrip("$"))
        return Value(f"${meant}" if meant else None, (Place(self.facts.directive.head),))

    @word("an Origin ends with the host")
    def never_sent(self) -> Value[bool]:
        """Whether it waits for an Origin with a path, which no browser sends."""
        return Value(never_sent(self.facts), (Place(self.facts.word.span),))

    @word("can be matched in very many ways")
    def exponential(self) -> Value[bool]:
        """Whether a text can be sent for which matching takes exponential time."""
        return Value(not self.facts.filled_in and exponential(self.facts.text), (Place(self.facts.word.span),))


class Capture(Subject):
    """A use of `$1` where no pattern has such a group."""

    def __init__(self, proxy: Proxy, usage: Usage, pattern: PatternFacts | None, see: See) -> None:
        self.proxy = proxy
        self.usage = usage
        self.pattern = pattern
        self.place = Place(usage.span)
        self.symbol = f"{usage.scope.symbol}/{usage.directive.name}[${usage.name}]"

    @word("always empty")
    def name(self) -> Value[str]:
        """The group as written: `$1`."""
        return Value(f"${self.usage.name}", (Place(self.usage.span),))

    @word("has no such group")
    def pattern_without(self) -> Value[str]:
        """The pattern that lacks the group; None where there is no pattern."""
        return Value(self.pattern.text, (Place(self.pattern.word.span),)) if self.pattern else Value(None)

    @word()
    def reason(self) -> Value[str]:
        """Why it is empty, to put behind a sentence."""
        return Value(f"{self.pattern.text} has no such group" if self.pattern else "no pattern is matched before it")


class Injection(Subject):
    """A variable that may hold a newline, where that starts a header."""

    def __init__(self, proxy: Proxy, injection: InjectionFacts, see: See) -> None:
        self.proxy = proxy
        self.facts = injection
        self.place = Place(injection.span)
        self.symbol = f"{injection.scope.symbol}/{injection.directive.name}[{injection.input.name}]"

    @word("a %0a in the request's path is a newline here")
    def variable(self) -> Value[str]:
        """The variable as written."""
        return Value(self.facts.input.name, (Place(self.facts.span),))

    @word("takes decoded text from the path")
    def source(self) -> Value[str]:
        """The variable or pattern that it comes from in the end."""
        place = self.facts.input.place
        return Value(self.facts.input.source, (place,) if place else ())

    @word()
    def directive(self) -> Value[str]:
        return Value(self.facts.directive.name)

    @word()
    def upstream(self) -> Value[bool]:
        """Whether it goes to the application, and not into an answer."""
        return Value(self.facts.upstream)

    @word()
    def plain_path(self) -> Value[bool]:
        """Whether `$request_uri` would say the same, still encoded."""
        return Value(self.facts.input.source in ("$uri", "$document_uri"))


class Shape(Subject):
    """A place where a published fault of nginx is reached."""

    def __init__(self, proxy: Proxy, shape: ShapeFacts, see: See) -> None:
        self.proxy = proxy
        self.facts = shape
        self.place = Place(shape.span)
        self.symbol = f"{shape.scope.symbol}/{shape.directive.name}[{shape.fault.name}]"

    @word()
    def fault(self) -> Value[str]:
        """The fault's name: CVE-2026-42945."""
        return Value(self.facts.fault.name, (Place(self.facts.span),))

    @word("completes it")
    def other(self) -> Value[bool]:
        """The line that completes the shape, if there is one."""
        return Value(True, (self.facts.other,) if self.facts.other else ())

    @word()
    def open(self) -> Value[bool]:
        """Whether the release of nginx has the fault; a choice where the release is not known."""
        return self.facts.fault.open_in(self.proxy.config.version)

    @word()
    def in_map(self) -> Value[bool]:
        """Whether it is reached by a map."""
        return Value(self.facts.directive.name != "rewrite")

    @word()
    def mended(self) -> Value[str]:
        """The releases without the fault, in words."""
        return Value(" and ".join(self.facts.fault.mended))


class Comparison(Subject):
    """An `if` that compares a table's variable with a text which the table never gives."""

    def __init__(self, proxy: Proxy, comparison: ComparisonFacts, see: See) -> None:
        self.proxy = proxy
        self.facts = comparison
        self.place = Place(comparison.span)
        self.symbol = f"{comparison.scope.symbol}/if[{comparison.table.name}]"

    @word("never so")
    def text(self) -> Value[str]:
        """The text that it is compared with."""
        return Value(self.facts.text, (Place(self.facts.span),))

    @word("has no default, so everything else is the empty text")
    def table(self) -> Value[str]:
        """The variable of the table."""
        return Value(f"${self.facts.table.name}", (written(self.facts.table.directive),))
