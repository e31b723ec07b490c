"""What a client may put into a text: which variables are of its making, and which characters they can hold.

Sources: ngx_http_variables.c and ngx_http_script.c of nginx. `$uri` and the groups of a location's pattern are decoded, so a
`%0a` of the request is a newline in them; `$request_uri`, arguments and headers are as they were sent, and hold none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from serveaudit.formats.nginx import Directive
from serveaudit.programs.nginx import alphabets, regexes, texts
from serveaudit.programs.nginx.alphabets import Letters
from serveaudit.programs.nginx.handlers import read_uri
from serveaudit.programs.nginx.patterns import Pattern, before, patterns_of
from serveaudit.programs.nginx.scopes import Scope, written
from serveaudit.programs.nginx.variables import Definition, Variables
from serveaudit.values import Place

DEEPEST = 8
"""Variables in variables that are followed."""

_ANY = alphabets.ALL | {alphabets.WORD}
_RAW = _ANY - frozenset("\n\r")
_HOST = _RAW - frozenset("/ :%#?@")
"""nginx refuses slashes and white space in a host, and cuts off the port."""
_DECODED = frozenset({"uri", "document_uri", "request_filename", "fastcgi_script_name", "fastcgi_path_info"})
_SENT = frozenset({"args", "query_string", "request_uri"})
_SENT_PREFIXES = ("arg_", "http_", "cookie_")
_STARTS_WITH_SLASH = frozenset({"uri", "document_uri", "request_uri", "fastcgi_script_name"})


@dataclass(frozen=True, slots=True)
class Input:
    """A variable whose value a client chooses.

    name     as written in the text: `$uri`, `$1`
    letters  the telling characters that the value may hold (`alphabets.ALL`)
    start    where it stands in the text
    source   the variable or the pattern that it comes from in the end: `$uri`, `$arg_host`, `^/(.*)$`
    place    where it gets its value, if a directive gives it
    fixed    it always begins with a slash
    """

    name: str
    letters: Letters
    start: int
    source: str
    place: Place | None = None
    fixed: bool = False

    def may_hold(self, letters: str) -> bool:
        """Whether the value may hold one of these characters."""
        return not self.letters.isdisjoint(letters)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Finds what clients choose in the texts of a directive of a block."""

    variables: Variables
    directive: Directive
    scope: Scope

    def of(self, text: str, own: Pattern | None = None, depth: int = 0) -> list[Input]:
        """The variables in a text that a client chooses, in order. `own` is the directive's own pattern (a rewrite's)."""
        if depth > DEEPEST:
            return []
        found = (self._use(use, own, depth) for use in texts.uses(text))
        return [one for one in found if one is not None]

    def _use(self, use: texts.Use, own: Pattern | None, depth: int) -> Input | None:
        name = use.name.lower()
        if name.isdigit():
            return self._group(use, own, int(name), depth)
        defined = [found for found in self.variables.definitions.get(name, ()) if self.holds(found)]
        if defined:
            return next(filter(None, (self._defined(use, found, depth) for found in defined)), None)
        if name in self.variables.definitions:
            return None
        found = _built_in(use, name)
        return self._bounded(found) if found and name in _DECODED else found

    def _bounded(self, path: Input) -> Input | None:
        """The path as far as the location that was chosen leaves it open: nothing for an exact one."""
        location = next((level for level in self.scope.chain() if level.kind == "location"), None)
        if location is None or location.directive is None:
            return path
        modifier, uri = read_uri(location.directive)
        if modifier == "=":
            return None
        if modifier in ("~", "~*") and isinstance(uri.x, str) and uri.x.startswith("^") and uri.x.endswith("$"):
            letters = regexes_group(uri.x, 0, modifier == "~*")
            return path if letters is None else replace(path, letters=path.letters & letters)
        return path

    def _group(self, use: texts.Use, own: Pattern | None, number: int, depth: int) -> Input | None:
        """What `$1` may be: the group of the nearest pattern that was matched; where several may have been, of each of them."""
        if own is not None:
            return self._captured(use, own, number, depth)
        inputs = [self._captured(use, one, number, depth) for one in self.matched()]
        return inputs[0] if inputs and all(inputs) else None

    def matched(self) -> list[Pattern]:
        """The patterns that may have been matched last when the directive is carried out: optional ones, and then the one that
        surely was, because the directive stands in its block."""
        around = [level.directive for level in self.scope.chain()]
        found: list[Pattern] = []
        for pattern in before(self.directive, self.scope):
            if not pattern.negated and not _leaves(pattern.directive):
                found.append(pattern)
            if pattern.directive in around or pattern.directive.name == "server_name":
                break
        return found

    def _captured(self, use: texts.Use, pattern: Pattern, group: int | str, depth: int) -> Input | None:
        given = Inputs(self.variables, pattern.directive, pattern.scope).of(pattern.against, None, depth + 1)
        if not given or pattern.filled_in:
            return None
        letters = regexes_group(pattern.text, group, pattern.ignore_case)
        if letters is None:
            return None
        letters &= _union(given)
        slash = _always_slash(pattern.text, group)
        return Input(_spelled(use), letters, use.start, pattern.text, written(pattern.directive), slash) if letters else None

    def holds(self, definition: Definition) -> bool:
        """Whether a definition counts here: that of a table anywhere, what is set or captured in this block or around it."""
        if definition.kind in ("map", "geo", "split_clients", "module"):
            return True
        if definition.kind == "capture" and definition.scope.kind == "map":
            return True
        levels = list(self.scope.chain())
        if definition.directive.name == "location":
            return definition.scope.inner(definition.directive) in levels
        return definition.scope in levels or (definition.scope.kind.endswith("/if") and definition.scope.parent in levels)

    def _defined(self, use: texts.Use, definition: Definition, depth: int) -> Input | None:
        directive, scope = definition.directive, definition.scope
        place = written(directive)
        if definition.kind == "set" and len(directive.args) > 1:
            return _renamed(use, Inputs(self.variables, directive, scope).of(directive.args[1].text, None, depth + 1), place)
        if definition.kind == "map":
            return _renamed(use, list(self._mapped(scope.inner(directive), depth)), place)
        if definition.kind == "capture":
            for pattern in patterns_of(directive, scope):
                if definition.name in regexes.group_names(pattern.text):
                    return self._captured(use, pattern, definition.name, depth)
        return None

    def _mapped(self, table: Scope, depth: int) -> Iterator[Input]:
        for entry in table.directives:
            if entry.args and entry.name not in ("hostnames", "volatile"):
                own = next(patterns_of(entry, table), None)
                yield from Inputs(self.variables, entry, table).of(entry.args[0].text, own, depth + 1)


def _leaves(directive: Directive) -> bool:
    """Whether nothing after a rewrite is carried out once it matches."""
    flags = directive.texts[2:3]
    return directive.name == "rewrite" and (flags in (["last"], ["redirect"], ["permanent"]) or redirects(directive))


def redirects(rewrite: Directive) -> bool:
    """Whether a rewrite answers with a redirect. Source: nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite."""
    words = rewrite.texts
    elsewhere = len(words) > 1 and words[1].startswith(("http://", "https://", "$scheme"))
    return elsewhere or words[2:3] in (["redirect"], ["permanent"])


def _union(inputs: list[Input]) -> Letters:
    return frozenset(letter for one in inputs for letter in one.letters)


def _spelled(use: texts.Use) -> str:
    return f"${use.name}"


def _built_in(use: texts.Use, name: str) -> Input | None:
    slash = name in _STARTS_WITH_SLASH
    if name in _DECODED:
        return Input(_spelled(use), _ANY, use.start, _spelled(use), None, slash)
    if name == "host":
        return Input(_spelled(use), _HOST, use.start, _spelled(use))
    if name in _SENT or name.startswith(_SENT_PREFIXES):
        return Input(_spelled(use), _RAW - frozenset(" "), use.start, _spelled(use), None, slash)
    return None


def _renamed(use: texts.Use, inputs: list[Input], place: Place) -> Input | None:
    """A variable that holds these: named as it is used, with all that any of them may hold."""
    if not inputs:
        return None
    letters = _union(inputs)
    fixed = all(one.fixed for one in inputs)
    return Input(_spelled(use), letters, use.start, inputs[0].source, inputs[0].place or place, fixed)


@cache
def regexes_group(pattern: str, group: int | str, ignore_case: bool) -> Letters | None:
    """The telling characters that a group may hold; None for a group that is not there, or can't be judged."""
    return alphabets.of_group(pattern, group, ignore_case)


@cache
def _always_slash(pattern: str, group: int | str) -> bool:
    return alphabets.begins_with(pattern, group, "/")
