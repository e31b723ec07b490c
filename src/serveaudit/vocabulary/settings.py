"""`setting` and `flag`: single settings of a server's configuration, and words of its command line."""

from __future__ import annotations

from typing import Any

from serveaudit.deployment import Process
from serveaudit.serving import BadFlag, Row
from serveaudit.serving import Setting as Facts
from serveaudit.subjects import See
from serveaudit.tables import facts
from serveaudit.values import Value
from serveaudit.words import Subject, word


class Setting(Subject):
    """A name in a server's configuration file."""

    def __init__(self, setting: Facts, process: Process, see: See) -> None:
        self.facts = setting
        self.process = process
        self.see = see
        self.place = setting.place
        self.symbol = f"{process.server.program}:{setting.spelled or setting.name}"

    @word()
    def name(self) -> Value[str]:
        """The name as written."""
        return Value(self.facts.spelled or self.facts.name, (self.facts.place,))

    @word()
    def known(self) -> Value[bool]:
        """Whether the program has a setting of this name."""
        return Value(self.facts not in self.process.server.strange, (self.facts.place,))

    @word(gives="object")
    def value(self) -> Value[Any]:
        return self.facts.value

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

    @property
    def _meant(self) -> Row:
        if self.facts.row is not None and (self.facts.row.becomes or self.facts.row.because):
            return self.facts.row
        return facts(self.process.server.program).instead_of(self.facts.spelled or self.facts.name)

    @word()
    def bound_by(self) -> Value[str]:
        """How a Python file binds the name: assign, import, def, class, for."""
        return Value(self.facts.bound_by)

    @word()
    def used_elsewhere(self) -> Value[bool]:
        """Whether the file reads the name again: then it is a helper of its own."""
        return Value(self.facts.used_elsewhere)


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
