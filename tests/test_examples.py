"""How the examples of cards are run; the audit is a search for words."""

from pathlib import Path
from typing import Any

from serveaudit.cards import Card
from serveaudit.examples import complaints, marked
from serveaudit.finding import Certainty, Finding, Location, Severity
from serveaudit.source import SourceFile


def search(directory: Path) -> list[Finding]:
    """A finding wherever BAD or MAYBE stands, which shows the first SEEN as well."""
    files = [SourceFile(str(path), path.read_text("utf-8")) for path in sorted(directory.rglob("*")) if path.is_file()]
    seen = [Location(source.span(at, at + 4)) for source in files if (at := source.text.find("SEEN")) >= 0]
    found = []
    for source in files:
        for word in ("BAD", "MAYBE"):
            if (at := source.text.find(word)) >= 0:
                certainty = Certainty.CERTAIN if word == "BAD" else Certainty.POSSIBLE
                places = (Location(source.span(at, at + 3), "", "primary"), *seen)
                found.append(Finding("a-rule", "tls", Severity.INFO, certainty, f"{word} here", places, ""))
    return found


def told(*examples: dict[str, Any], **fields: Any) -> list[str]:
    return list(complaints(Card("a-rule", "tls", Path("a-rule.yaml"), {**fields, "examples": list(examples)}), search))


FIRES = {"name": "fires", "files": {"deploy/a.conf": "ok\nBAD = 1  # finding\n", "b.py": "SEEN  # related\n"}}
QUIET = {"name": "quiet", "silent": "it is fine", "files": {"a.conf": "fine\n"}}


def test_examples_that_come_out_as_they_say_leave_nothing_to_complain_about() -> None:
    assert told(FIRES, QUIET, unless={"it is fine": "x"}) == []


def test_an_example_without_a_finding_is_told() -> None:
    assert told({"name": "mute", "files": {"a": "ok"}}) == ["mute: nothing is found"]


def test_a_silent_example_with_a_finding_is_told() -> None:
    assert told(FIRES, {"name": "loud", "silent": "", "files": {"a": "MAYBE"}}) == [
        "loud: finds 'MAYBE here', and should be silent"
    ]


def test_findings_have_to_be_where_they_are_marked() -> None:
    example = {"name": "moved", "files": {"a": "BAD\nok  # finding\nok ; related\n"}}
    assert told(example) == [
        "moved: no finding at a:2",
        "moved: a finding at a:1, which is not marked",
        "moved: a:3 is not shown",
    ]


def test_a_possible_finding_has_to_be_declared() -> None:
    possible = {"name": "maybe", "files": {"a": "MAYBE"}}
    assert told(possible) == ["maybe: 'MAYBE here' is possible, not certain"]
    assert told({**possible, "certainty": "possible"}) == []


def test_what_a_fix_leaves_behind_has_to_be_silent() -> None:
    assert told({**FIRES, "fixed": {"deploy/a.conf": "ok\n"}}) == []
    assert told({**FIRES, "fixed": {"b.py": "BAD\n"}}) == [
        "fires: the fixed files still have 'BAD here'",
        "fires: the fixed files still have 'BAD here'",
    ]


def test_each_guard_needs_a_silent_example_that_names_it() -> None:
    assert told(FIRES, {**QUIET, "silent": "it is fin"}, unless={"it is fine": "x", "it is far": "y"}) == [
        "no example is silent because it is fine",
        "no example is silent because it is far",
        "'it is fin' is no sentence under 'unless'; did you mean 'it is fine'?",
    ]
    assert told(QUIET, unless={"it is fine": "x"}) == ["no example has a finding"]


def test_remarks_are_taken_out_of_the_files() -> None:
    found = marked({"a.ini": "x = 1  # finding\ny = 2 ; related\n", "b.md": "z <!-- finding -->\n# finding out\n"})
    assert found.files == {"a.ini": "x = 1\ny = 2\n", "b.md": "z\n# finding out\n"}
    assert found.findings == {("a.ini", 1), ("b.md", 1)}
    assert found.related == {("a.ini", 2)}
