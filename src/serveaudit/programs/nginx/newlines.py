"""Where a newline of a request gets into a header or a request line: clients then write headers of their own.

`return`, `add_header`, `proxy_set_header` and `proxy_pass` put values in as they are. `rewrite` escapes the numbered groups of
its own pattern in a redirect, and variables not, named groups among them (ngx_http_script_copy_capture_code, …copy_var_code). A
lone carriage return, which `.` matches as well, ends no header for any client that is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from serveaudit.formats.nginx import Directive, Word
from serveaudit.programs.nginx import handlers
from serveaudit.programs.nginx.inputs import Input, Inputs, redirects
from serveaudit.programs.nginx.scopes import Scope
from serveaudit.programs.nginx.variables import Usage, Variables
from serveaudit.source import Span


@dataclass(frozen=True, slots=True)
class Injection:
    """A variable that may hold a newline, in a word where that starts a header or another request."""

    input: Input
    word: Word
    directive: Directive
    scope: Scope

    @property
    def span(self) -> Span:
        """The variable where it stands."""
        return Usage(self.input.name[1:], self.word, self.directive, self.scope).span

    @property
    def upstream(self) -> bool:
        """Whether it goes to the application, and not into an answer."""
        return self.directive.name.startswith("proxy_")


def injections(scope: Scope, variables: Variables) -> Iterator[Injection]:
    """Every one in a block and inside of it, in the order of the text."""
    for inner in scope.walk():
        for directive in inner.directives:
            word = _word(directive)
            if word is not None and "$" in word.text:
                for found in Inputs(variables, directive, inner).of(word.text):
                    if found.may_hold("\n") and not (directive.name == "rewrite" and found.name[1:].isdigit()):
                        yield Injection(found, word, directive, inner)


def _word(directive: Directive) -> Word | None:
    """The word of a directive that must not hold a newline."""
    args = directive.args
    if directive.name in ("add_header", "proxy_set_header") and len(args) > 1:
        return args[1]
    if directive.name == "proxy_pass" and args:
        return args[0]
    if directive.name == "rewrite" and len(args) > 1 and redirects(directive):
        return args[1]
    if directive.name == "return" and args:
        redirecting = len(args) == 1 or args[0].text in handlers.REDIRECTS
        return args[-1] if redirecting else None
    return None
