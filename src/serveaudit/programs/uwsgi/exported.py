"""The flat list of options that uWSGI makes of the environment, the command line and its files, in the order that counts.

Sources: core/uwsgi.c (main, uwsgi_opt_load), core/init.c (uwsgi_commandline_config), core/config.c (add_exported_option_do).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from serveaudit.arguments import Arguments, Given, Style, read
from serveaudit.command import Environment, Files, Step
from serveaudit.programs.uwsgi import conditions, files
from serveaudit.programs.uwsgi.conditions import Guard, Skipped, Turn, World
from serveaudit.programs.uwsgi.expansion import Holes, magic, magic_table, of_the_first, placeholder, replaced
from serveaudit.programs.uwsgi.files import Written
from serveaudit.serving import BadFlag, Origin, Row
from serveaudit.source import Problem, SourceFile, Span
from serveaudit.tables import Facts, facts
from serveaudit.values import How, Place, Unknown, Value

_ASKS = ("-h", "--help", "--version")
GETOPT_LONG = Style(abbreviates=True, dashes_as_words=True, joins_optional=True, asks=_ASKS, status=1)
RESERVED = (
    "RELOADS",
    "VASSALS_DIR",
    "EMPEROR_FD",
    "EMPEROR_FD_CONFIG",
    "EMPEROR_PROXY",
    "BROODLORD_NUM",
    "JAIL_PID",
    "ORIGINAL_PROC_NAME",
)
"""Variables that are no options (core/utils.c, parse_sys_envs)."""
DEEPEST = 20
MOST = 20_000
"""Files in files, and options, before uWSGI is said to read in a circle."""


@dataclass(slots=True)
class Option:
    """A key and its text (None: given without one).

    place    the whole line or the words of the command line; `literal` the text alone
    guards   outside choices on which it hangs
    rests    what its text was computed from
    logic    "if" or "for" inside of such a block
    unread   it stands for options that could not be read: all of them, or with a key, more of this one
    skipped  it was not taken; it only tells on what that rests
    table    uWSGI's options in the release that reads it
    settled  uWSGI has used it before it replaces `$(…)` and `%(…)`
    """

    key: str
    text: str | None
    place: Place
    literal: Span | None = None
    origin: Origin = "written"
    guards: tuple[Guard, ...] = ()
    rests: tuple[Value[Any], ...] = ()
    logic: str = ""
    unread: Unknown | None = None
    skipped: bool = False
    settled: bool = False
    table: Facts = field(default_factory=lambda: facts("uwsgi"), repr=False)

    @property
    def row(self) -> Row | None:
        return self.table.row(self.key)

    @property
    def anything(self) -> bool:
        """Whether it stands for any options whatsoever."""
        return self.unread is not None and not self.key

    @property
    def taken(self) -> bool:
        return self.unread is None and not self.skipped


@dataclass(slots=True)
class Reading:
    """What uWSGI reads at one start. Call `environment`, then `command_line` or `load`, then `finish`."""

    env: Environment
    files: Files | None
    cwd: str
    holes: Holes = field(default_factory=Holes)
    options: list[Option] = field(default_factory=list)
    sources: list[tuple[SourceFile, str]] = field(default_factory=list)
    heads: list[Span] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    bad: list[BadFlag] = field(default_factory=list)
    mentioned: set[str] = field(default_factory=set)
    logic: Option | None = None
    last_ini: tuple[str, SourceFile] | None = None
    magic: dict[str, str] = field(default_factory=dict)
    capitals: dict[str, str] = field(default_factory=dict)
    declared: dict[str, list[str]] = field(default_factory=dict)
    depth: int = 0

    @property
    def table(self) -> Facts:
        """uWSGI's options in the release that is installed."""
        return facts("uwsgi", self.env.releases)

    def environment(self) -> None:
        """`UWSGI_FOO_BAR=x` is `foo-bar = x`."""
        for name, value in self.env.variables.items():
            if name.startswith("UWSGI_") and name[6:] not in RESERVED and value.x is not None:
                place = Place(value.places[0].span, How.ENVIRONMENT) if value.places else None
                if place:
                    rests = replace(value, depends=(*value.depends, f"env:{name}"))
                    key = name[6:].lower().replace("_", "-")
                    self.add(Option(key, self.holes.text(value), place, origin="environment", rests=(rests,), table=self.table))

    def command_line(self, words: Sequence[Value[Any]], place: Place) -> Arguments:
        """Options in their order, then the files that are named without an option."""
        found = read(words, self.table, GETOPT_LONG, place, positional=MOST)
        self.bad += found.bad
        unread = found.unread
        for given in found.given:
            if unread is not None and given.index > found.unread_at:
                self.options.append(Option("", None, place, unread=unread))
                unread = None
            self.add(self._flag(given))
        if unread is not None:
            self.options.append(Option("", None, place, unread=unread))
        for word in found.words:
            if not isinstance(word.x, str) and found.unread is not None:
                continue  # `$ARGS`, of which that was said already
            self._positional(word, word.places[0] if word.places else place)
        return found

    def _flag(self, given: Given) -> Option:
        name = given.spelled.lstrip("-")
        key = name if self.table.row(name) and given.spelled.startswith("--") else given.row.name
        text = None if given.value.x is True else self.holes.text(given.value)
        rests = (replace(given.value, places=()),)
        return Option(key, text, given.place, given.literal, "flag", rests=rests, table=self.table)

    def _positional(self, word: Value[Any], place: Place) -> None:
        if not isinstance(word.x, str):
            self.options.append(Option("", None, place, unread=Unknown("which file uWSGI reads is not known")))
        elif word.x.startswith("["):
            return
        elif word.x.endswith(files.SUFFIXES):
            self.load(word.x, Option("include", word.x, place))
        elif not self.bad:
            why = "uWSGI takes no such file without an option before it; it exits with status 1"
            near = "--ini" if ".ini:" in word.x else "--wsgi-file" if word.x.endswith((".py", ".wsgi")) else ""
            self.bad.append(BadFlag(word.x, place, near, why=why))

    def load(self, name: str, by: Option) -> None:
        """Adds the options of a file, `path` or `path:section`. `by` is the option that names it."""
        path, colon, section = ("", ":", name[1:]) if name.startswith(":") else name.rpartition(":")
        path = path if colon else section
        section = section if colon and section else "uwsgi"
        if by.key in ("include", "inherit", "config") and (by.key == "config" or not name.endswith(files.SUFFIXES)):
            self.problems.append(Problem(by.place.span, f"uWSGI can't tell what kind of file {name} is: it exits"))
            return
        if self.depth >= DEEPEST or len(self.options) > MOST:
            self.problems.append(Problem(by.place.span, f"{name} is read again and again"))
            return
        source = self.last_ini[1] if name.startswith(":") and self.last_ini else self._read(path, by)
        path = self.last_ini[0] if name.startswith(":") and self.last_ini else path
        if source is None:
            return
        kind = files.kind(by.key, path)
        if kind == "ini":
            self.last_ini = (path, source)
        self.depth += 1
        self.take(source, kind, path, section if colon else "", by)
        self.depth -= 1

    def _read(self, path: str, by: Option) -> SourceFile | None:
        found = self._file(path)
        if isinstance(found, SourceFile):
            return found
        if found is None:
            self.problems.append(Problem(by.place.span, f"there is no file {path}"))
            found = Unknown(f"{path} is not there", path)
        self.options.append(Option("", None, by.place, guards=by.guards, unread=found))
        return None

    def _file(self, path: str) -> SourceFile | Unknown | None:
        if self.files is None or re.match(r"\w+://|-$", path) or any(map(self.holes.at, path)):
            return Unknown(f"{self.holes.value(path).x} was not read", path)
        return self.files.read(path, self.cwd)

    def take(self, source: SourceFile, kind: str, path: str, section: str, by: Option | None = None) -> None:
        """Adds the options of a file that was read."""
        self.sources.append((source, kind))
        self.magic |= magic_table(path, section, self.cwd, self.holes)
        if not self.capitals and (by is None or by.key in _TELLS_SYNTAX):
            self.capitals = of_the_first(self.magic)
        found = files.options(magic(source, self.magic | self.capitals, self.holes), kind, section)
        self.problems += [replace(problem, span=problem.span.within(source)) for problem in found.problems]
        if found.head is None:
            place = by.place if by else Place(source.line_span(1))
            if found.problems and kind != "ini":
                self.options.append(Option("", None, place, unread=Unknown(f"{source.path} can't be read", source.path)))
            else:
                self.problems.append(Problem(place.span, f"{source.path} has no section {section or 'uwsgi'}"))
            return
        self.heads.append(found.head.within(source))
        for written in found.options:
            self.add(self._option(written, source, by))

    def _option(self, written: Written, source: SourceFile, by: Option | None) -> Option:
        """What stands in a file. A name that is not known may be any."""
        place, literal = Place(written.line.within(source)), written.value.within(source)
        hole = next(filter(None, map(self.holes.at, written.key)), None)
        if hole is not None:
            return Option("", None, place, unread=hole.x if isinstance(hole.x, Unknown) else _NAMELESS)
        guards = (*(by.guards if by else ()), *((written.guard,) if written.guard else ()))
        logic = by.logic if by else ""
        return Option(written.key, written.text, place, literal, guards=guards, logic=logic, table=self.table)

    def add(self, option: Option) -> None:
        """Adds an option, as often as the conditions around it want."""
        self.mentioned |= _mentioned(option)
        if option.key in conditions.ENDS:
            self.logic = None
        if self.logic is None:
            self._add(option)
            return
        if option.row and option.row.type == "logic":
            self.problems.append(
                Problem(option.place.span, f"uWSGI does not take {option.key} inside of {self.logic.key}: it exits")
            )
            return
        logic, self.logic = self.logic, None  # what a file holds that is named inside is taken as a whole
        found = conditions.turns(logic.key, logic.text or "", self._world())
        if isinstance(found, Skipped):
            rests = (found.rests,) if found.rests else ()
            self.options.append(replace(option, text=None, skipped=True, rests=rests))
        else:
            for turn in found:
                self._add(_taken(option, turn, logic))
                if turn.more is not None:
                    self.options.append(replace(option, text=None, unread=turn.more))
        self.logic = logic

    def _add(self, option: Option) -> None:
        row = option.row
        self.options.append(option)
        if option.key in self.declared:
            self.options += [replace(option, key=key, unread=_DECLARED) for key in self.declared[option.key]]
        if row is None or not row.immediate:
            return
        option.settled = True
        if row.type == "logic":
            self.logic = option if option.key not in conditions.ENDS else None
        elif row.type == "include":
            self.load(option.text or "", option)
        elif row.type == "placeholder":
            self._placed(option)
        elif option.key in _DECLARES:
            name, _, template = (option.text or "").partition("=")
            keys = [part.partition("=")[0] for part in template.split(";")]
            self.declared[name] = ["" if "$" in key else key for key in keys]

    def _placed(self, option: Option) -> None:
        """`set = key=text`, and `set-placeholder`, which takes no option's name."""
        key, equals, text = (option.text or "").partition("=")
        if not equals or (option.key != "set" and self.table.row(key)):
            self.problems.append(Problem(option.place.span, f"uWSGI does not take {option.text!r} for {option.key}: it exits"))
            return
        self._add(replace(option, key=key, text=text, settled=option.key != "set"))

    def _world(self) -> World:
        return World(self.env, self.holes, self._file, self._given)

    def _given(self, name: str) -> str | Unknown | None:
        """The text of the first option of this name."""
        for option in self.options:
            if option.anything:
                return option.unread
            if option.key == name and option.taken:
                return Unknown(f"whether {name} is given is not known") if option.guards else option.text or ""
        return None

    def finish(self) -> None:
        """Replaces `$(…)`, `@(…)` and `%(…)`, then reads what is inherited, which comes last."""
        if self.logic is not None:
            self.problems.append(
                Problem(self.logic.place.span, f"{self.logic.key} is never ended: it holds for all that follows")
            )
        for symbol, hook in (("$", self._variable), ("@", self._contents), ("%", self._placeholder)):
            for option in self.options:
                if option.text is not None and not option.settled and symbol in option.text:
                    option.text = replaced(option.text, symbol, partial(hook, option), self.holes)
        for option in _growing(self.options):
            row = option.row
            if row and row.type == "include" and not row.immediate and option.text is not None and option.taken:
                self.load(option.text, option)

    def _variable(self, option: Option, name: str) -> str:
        value = self.env.get(name)
        if value.x is None:
            value = Value(Unknown(f"${name} is set outside of what was read", f"${name}"), depends=value.depends)
        option.rests += (replace(value, places=()),)
        return self.holes.text(value)

    def _contents(self, option: Option, name: str) -> str:
        found = self._file(name)
        if isinstance(found, SourceFile):
            option.rests += (Value(None, (Place(found.line_span(1)),)),)
            return found.text.removesuffix("\n")
        if found is None:
            self.problems.append(Problem(option.place.span, f"there is no file {name}"))
        return self.holes.put(Value(Unknown(f"what @({name}) holds is only known when uWSGI starts")))

    def _placeholder(self, option: Option, key: str) -> str | None:
        return placeholder(key, partial(self._looked_up, option), self.holes)

    def _looked_up(self, option: Option, name: str) -> str | None:
        text = self._given(name)
        if isinstance(text, Unknown):
            return self.holes.put(Value(text))
        source = next((each for each in self.options if each.key == name and each.taken), None)
        if source is not None and source is not option:
            option.rests += (Value(None, (source.place,)), *source.rests)
        return text


def daemons(options: Sequence[Option]) -> Iterator[Step]:
    """The commands that uWSGI starts beside itself, as it hands them to a shell."""
    for option in options:
        if option.key in _DAEMONS and option.taken and option.literal is not None and not option.literal.source.outer:
            text = option.literal.text
            start = text.find(" ") + 1 if option.key.startswith("smart") else 0  # a pid file comes first
            script = option.literal.source.slice(option.literal.start + start, option.literal.end)
            yield Step(option.place, script=script)


_TELLS_SYNTAX = ("ini", "yaml", "yml", "json", "js", "xml", "xmlconfig")
"""Only the file of such an option is what capital letters tell of (core/uwsgi.c, uwsgi_opt_load)."""
_NAMELESS = Unknown("the name of an option is not known")
_DECLARES = ("declare-option", "declare-option2")
_DECLARED = Unknown("an option that the configuration declares itself sets it")
_DAEMONS = ("attach-daemon", "attach-control-daemon", "smart-attach-daemon")


def _growing(options: list[Option]) -> Iterator[Option]:
    """Every option, also those that are added meanwhile."""
    at = 0
    while at < len(options):
        yield options[at]
        at += 1


def _taken(option: Option, turn: Turn, logic: Option) -> Option:
    text = option.text
    if text is not None and turn.item is not None:
        text = text.replace("%(_)", turn.item)
    guards = (*option.guards, turn.guard) if turn.guard else option.guards
    rests = (*option.rests, turn.rests) if turn.rests else option.rests
    return replace(option, text=text, guards=guards, rests=rests, logic="for" if logic.key.startswith("for") else "if")


def _mentioned(option: Option) -> set[str]:
    """Names that an option reads: `%(name)`, `if-opt = name`."""
    text = option.text or ""
    if option.key in ("if-opt", "if-not-opt"):
        return {text.partition("=")[0]}
    if option.key in ("declare-option", "declare-option2", "resolve"):
        return {text.partition("=")[0]}
    return {name for inside in re.findall(r"%\(([^)]*)", text) for name in re.split(r"[ (]+", inside)}
