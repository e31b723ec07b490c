"""`setting` and `flag`: single settings that somebody wrote, and words of a command line."""

from __future__ import annotations

from typing import Any

from serveaudit.configured import (
    collisions,
    effects,
    idling,
    libraries,
    meanings,
    plugins,
    refusals,
    releases,
    rivals,
    texts,
    unit_values,
    variables,
    written,
)
from serveaudit.configured.switches import Switch as SwitchFacts
from serveaudit.dating import table_of
from serveaudit.deployment import Process
from serveaudit.formats.python import Made
from serveaudit.launching import Unit
from serveaudit.serving import BadFlag, Row
from serveaudit.serving import Setting as Facts
from serveaudit.subjects import See
from serveaudit.tables import facts
from serveaudit.values import Value
from serveaudit.words import Subject, word


class Setting(Subject):
    """A setting as somebody wrote it, known to its program or not: a server's, or a key of a unit of systemd or supervisor."""

    def __init__(self, setting: Facts, owner: Process | Unit, see: See) -> None:
        self.facts = setting
        self.process = owner if isinstance(owner, Process) else None
        self.unit = owner if isinstance(owner, Unit) else None
        self.see = see
        self.place = setting.place
        self.owner = owner.manager if isinstance(owner, Unit) else written.program_of(setting, owner)
        self.symbol = f"{self.owner}:{setting.spelled or setting.name}"

    @word()
    def program(self) -> Value[str]:
        """Whose setting it is: gunicorn, …, systemd, supervisor."""
        return Value(self.owner)

    @word()
    def name(self) -> Value[str]:
        """The name as written."""
        return Value(self.facts.spelled or self.facts.name, (self.facts.place,))

    @word()
    def own_name(self) -> Value[str]:
        """The name that the program has for it."""
        return Value(self.facts.name, (self.facts.place,))

    @word()
    def known(self) -> Value[bool]:
        """Whether the program has a setting of this name. Of a unit's keys only a misspelt one is unknown for sure."""
        if self.unit is not None:
            return Value(not written.unknown_key(self.facts, self.unit), (self.facts.place,))
        return Value(self.process is not None and self.facts not in self.process.server.strange, (self.facts.place,))

    @word(gives="object")
    def value(self) -> Value[Any]:
        return self.facts.value

    @word()
    def origin(self) -> Value[str]:
        """Where it stands: written, flag, environment."""
        return Value(self.facts.origin, (self.facts.place,))

    @word()
    def near(self) -> Value[str]:
        """The one known name that is meant, as far as spelling tells; None where none is near."""
        return Value(self._meant.becomes or None)

    @word()
    def advice(self) -> Value[str]:
        """What to do about a name that the program does not know."""
        meant = self._meant
        said = f"did you mean {meant.becomes}?" if meant.becomes else "remove it, or see serveaudit settings for what holds"
        return Value(f"{meant.because}; {said}" if meant.because else said)

    @word()
    def consequence(self) -> Value[str]:
        """What happens because of a name that the program does not know, to put behind a sentence."""
        if self.owner == "gevent":
            return Value(": WSGIServer takes it for an argument of TLS, and every plain request fails")
        if self.fatal.x:
            return Value(f": {self.facts.refused or 'the worker ends with a TypeError'}")
        section = written.wrong_section(self.facts)
        return Value(f" in [{section}], it is ignored" if section else ", it is ignored")

    @word()
    def fatal(self) -> Value[bool]:
        """Whether the unknown name itself keeps the server from serving."""
        in_worker = self.owner == "uvicorn" and self.process is not None and self.process.server.program == "gunicorn"
        return Value(bool(self.facts.refused) or self.owner == "gevent" or in_worker)

    @property
    def _meant(self) -> Row:
        if self.unit is not None:
            return Row(self.facts.name, becomes=written.unknown_key(self.facts, self.unit))
        if self.facts.row is not None and (self.facts.row.becomes or self.facts.row.because):
            return self.facts.row
        table = table_of(self.owner, self.process.installed) if self.process else facts(self.owner)
        name = self.facts.spelled or self.facts.name
        return table.instead_of_flag(name) if self.facts.origin == "flag" else table.instead_of(name)

    @word()
    def of_a_plugin(self) -> Value[bool]:
        """Whether a plugin of somebody else's may know the name: never sure."""
        return plugins.may_know(self.process.server) if self.process else Value(False)

    @word()
    def bound_by(self) -> Value[str]:
        """How it is bound: assign, import, def, class, for in a Python file; key of a call or mapping; table of TOML."""
        return Value(self.facts.bound_by)

    @word()
    def used_elsewhere(self) -> Value[bool]:
        """Whether the file reads the name again: then it is a helper of its own."""
        return Value(self.facts.used_elsewhere)

    @word()
    def own_object(self) -> Value[bool]:
        """Whether it is a function, a class or an object that is called like no setting: others may find it by its name."""
        made = self.facts.bound_by in ("def", "class") or isinstance(self.facts.value.x, Made)
        return Value(made and not self._meant.becomes)

    @word("refused")
    def refused(self) -> Value[str]:
        """Why the program does not start with the value; None where it takes it."""
        if self.unit is not None:
            return unit_values.refused(self.facts, self.unit.manager)
        return refusals.refusal(self.facts, self.process) if self.process else Value(None)

    @word()
    def rests_on_outside(self) -> Value[bool]:
        """Whether its value may be another one outside of the repository: it rests on a variable that nothing sets there."""
        return refusals.rests_on_outside(self.facts)

    @word("read otherwise")
    def misread(self) -> Value[str]:
        """What the program makes of a value instead of what is meant; None where it is taken as it is meant."""
        if self.unit is not None:
            return unit_values.skipped(self.facts, self.unit.manager)
        return meanings.misread(self.facts, self.process) if self.process else Value(None)

    @word("serves nobody")
    def idles(self) -> Value[str]:
        """What happens to a server that serves nobody because of it; None for all others."""
        return idling.idles(self.facts, self.process) if self.process else Value(None)

    @word("without effect")
    def dead(self) -> Value[str]:
        """Why it does nothing; None where it does something, unknown where that can't be told."""
        return effects.without_effect(self.facts, self.process) if self.process else Value(None)

    @word("the installed release has no such setting")
    def of_another_release(self) -> Value[str]:
        """Which releases have it, where the installed one does not; None where it has it, or none has."""
        return releases.of_another_release(self.facts, self.process) if self.process else Value(None)

    @word()
    def maybe_there(self) -> Value[bool]:
        """Whether the installed release has it after all: unknown where what is asked for allows both."""
        return releases.maybe_there(self.facts, self.process) if self.process else Value(False)

    @word("on its way out")
    def outgoing(self) -> Value[str]:
        """What the program says of a setting that it takes for now; None where it stays."""
        return releases.outgoing(self.facts, self.process) if self.process else Value(None)

    @word("taken for a setting")
    def collides(self) -> Value[str]:
        """Why a name of the file is taken for a setting that nobody meant; None where it is meant."""
        return collisions.collides(self.facts, self.process) if self.process else Value(None)

    @word("part of the value")
    def literal(self) -> Value[str]:
        """What of its text is part of the value by mistake: a comment, quotes."""
        return texts.literal(self.facts, self.process) if self.process else Value(None)

    @word("in the log's format")
    def bad_format(self) -> Value[str]:
        """What is wrong with a format for the access log."""
        return texts.log_format(self.facts, self.process) if self.process else Value(None)

    @word()
    def breaks_logging(self) -> Value[bool]:
        """Whether a format can't be used at all."""
        return Value(texts.breaks_logging(self.facts))

    @word("replaced")
    def overridden(self) -> Value[str]:
        """What a value that is written elsewhere is replaced by; None where nothing is replaced."""
        return rivals.overridden(self.facts, self.process) if self.process else Value(None)

    @word("written twice")
    def given_twice(self) -> Value[str]:
        """That it has two different values in one file; None where it has one."""
        return rivals.given_twice(self.facts, self.process) if self.process else Value(None)

    @word("needs a package that is not there")
    def missing_library(self) -> Value[str]:
        """The package that it needs and that a complete list leaves out."""
        return libraries.missing(self.facts, self.process) if self.process else Value(None)

    @word("set because of a Service's name")
    def injected(self) -> Value[str]:
        """The variable of a Service's address that is taken for this option; None where there is none."""
        return variables.injected(self.facts, self.process) if self.process else Value(None)

    @word("taken for its value")
    def swallows_app(self) -> Value[str]:
        """The application's name that --proxy-protocol takes for its value; None where it does not."""
        return releases.swallowed(self.facts, self.process) if self.process else Value(None)

    @word()
    def maybe_a_switch(self) -> Value[bool]:
        """Whether an option may be one without a value, as in older releases: unknown where these may be installed."""
        return releases.maybe_a_switch(self.facts, self.process) if self.process else Value(False)


class Flag(Subject):
    """A word of a command line that the program does not take."""

    def __init__(self, flag: BadFlag, process: Process, see: See) -> None:
        self.facts = flag
        self.process = process
        self.see = see
        self.place = flag.place
        self.symbol = f"{process.server.program}:{flag.word}"

    @word("the program has no such option")
    def text(self) -> Value[str]:
        """The word as written."""
        return Value(self.facts.word, (self.facts.place,))

    @word()
    def near(self) -> Value[str]:
        """The option that may be meant; None where none is near."""
        return Value(self.facts.near or None)

    @word()
    def consequence(self) -> Value[str]:
        """What happens because of it, to put behind a sentence."""
        refused = ": it ends with a usage message" if self.facts.refused else ": it is ignored"
        return Value(f"{refused} ({self.facts.why})" if self.facts.why else refused)

    @word()
    def advice(self) -> Value[str]:
        """What to write instead."""
        return Value(f"did you mean {self.facts.near}?" if self.facts.near else "leave it out")

    @word()
    def refused(self) -> Value[bool]:
        """Whether the program refuses to start because of it."""
        return Value(self.facts.refused)

    @word()
    def why(self) -> Value[str]:
        """What the program does with it."""
        return Value(self.facts.why or None)

    @word()
    def of_another_release(self) -> Value[bool]:
        """Whether the release is told, and others have it."""
        return Value(any(each.place == self.place for each in releases.flags_elsewhere(self.process)))

    @word()
    def of_a_plugin(self) -> Value[bool]:
        """Whether a plugin of somebody else's may know the option: never sure."""
        return plugins.may_know(self.process.server)


class Switch(Subject):
    """A setting that wants true or false, and is given the text of a variable."""

    def __init__(self, switch: SwitchFacts, see: See) -> None:
        self.facts = switch
        self.see = see
        self.place = switch.place
        self.symbol = f"{switch.program}:{switch.name}"

    @word("the text of a variable")
    def name(self) -> Value[str]:
        return Value(self.facts.name, (self.facts.place,))

    @word()
    def variable(self) -> Value[str]:
        """The variable, with the dollar."""
        return Value(f"${self.facts.variable}")

    @word()
    def takes(self) -> Value[str]:
        """What its program makes of a text."""
        return Value(self.facts.takes)

    @word()
    def meant_false(self) -> Value[bool]:
        """Whether the deployment sets the variable to a word for no, which is taken for yes."""
        return Value(self.facts.meant_false)


class ForgottenVariable(Subject):
    """A variable that a start sets for its server, and that nobody reads."""

    def __init__(self, variable: variables.Variable, see: See) -> None:
        self.facts = variable
        self.see = see
        self.place = variable.place
        self.symbol = f"environment[{variable.name}]"

    @word("nobody reads it")
    def name(self) -> Value[str]:
        places = (self.facts.place, self.facts.beside) if self.facts.beside else (self.facts.place,)
        return Value(self.facts.name, places)

    @word()
    def why(self) -> Value[str]:
        """Why the server does not read it."""
        return Value(self.facts.why)
