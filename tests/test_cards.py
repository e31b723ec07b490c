"""serveaudit's own rule cards: every one can be asked, its examples come out as they say, and its proof is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from proof_names import functions
from serveaudit.cards import Card, read_card
from serveaudit.config import Config
from serveaudit.examples import complaints
from serveaudit.finding import Finding
from serveaudit.rulebook import Rule

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "rules").rglob("*.yaml"))
CATEGORIES = {
    "timeouts", "capacity", "websockets", "trust", "tls", "exposure", "lifecycle", "validity", "wiring", "static-files",
    "nginx-security", "nginx-correctness",
}  # fmt: skip
each = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])


def rule(path: Path) -> Rule:
    """The card with the vocabulary that audits ask it with."""
    words = pytest.importorskip("serveaudit.vocabulary")
    if not hasattr(words, "VOCABULARY"):
        pytest.skip("there is no vocabulary yet")
    return Rule(read_card(path), words.VOCABULARY)


@each
def test_a_card_can_be_asked(path: Path) -> None:
    assert rule(path).compiled


@each
def test_the_examples_of_a_card_come_out_as_they_say(path: Path) -> None:
    auditing = pytest.importorskip("serveaudit.audit")

    def audit(directory: Path) -> list[Finding]:
        found: list[Finding] = auditing.audit([str(directory)], Config(select=(path.stem,))).findings
        return found

    assert list(complaints(read_card(path), audit)) == []


@each
def test_a_card_says_why_and_where_that_is_written_and_shows_it(path: Path) -> None:
    card = read_card(path)
    assert path.parent.name in CATEGORIES
    assert card.fields.get("why") and card.fields.get("references")
    firing = [example for example in card.examples if "silent" not in example]
    assert len(firing) >= (2 if card.star else 1), "a rule of the ★ ones has two firing examples, any other one"
    assert len({example["name"] for example in card.examples}) == len(card.examples)


@each
def test_the_proofs_of_a_card_are_there(path: Path) -> None:
    for proof in read_card(path).texts("proof"):
        file, _, name = proof.partition("::")
        assert name in functions(file), f"{proof} is not there"


def test_every_rule_has_a_name_of_its_own_and_replaces_rules_that_exist() -> None:
    cards: list[Card] = [read_card(path) for path in FILES]
    names = [card.name for card in cards]
    assert sorted(set(names)) == sorted(names)
    assert {name for card in cards for name in card.fields.get("replaces", ())} <= set(names)
