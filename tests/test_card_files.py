from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from serveaudit import shipped
from serveaudit.cards import CardError, read_card
from small_world import card, card_file

GOOD = """\
    summary: s
    severity:
      - error: a == 1
      - warning
    for: server
    when: off
    message: 1.10 and 60:00
    help: [one, "two"]
    unless:
      it is so: a
    fix:
      title: t
      set: {a: "1"}
      safety: unsafe
      because: it changes
    references:
      - https://example.org
    examples:
      - name: one
        files: {nginx.conf: "a"}
      - name: two
        silent: it is so
        files: {nginx.conf: "b"}
    """


def test_everything_in_a_card_is_text(tmp_path: Path) -> None:
    read = card(tmp_path, GOOD)
    assert (read.name, read.category, read.star) == ("a-rule", "timeouts", False)
    assert (read.fields["when"], read.fields["message"]) == ("off", "1.10 and 60:00")
    assert (read.texts("when"), read.texts("help"), read.texts("proof")) == (["off"], ["one", "two"], [])
    assert [example["name"] for example in read.examples] == ["one", "two"]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("summary: s", "sumary: s", 1, "unknown field 'sumary'; did you mean 'summary'?"),
        ("summary: s\n", "\n", 1, "the field 'summary' is missing"),
        ("when: off", "when:", 6, "the field 'when' is missing"),
        ("when: off", "when: {a: b}", 6, "'when' is text or a list of texts"),
        ("summary: s", "summary: [s]", 1, "'summary' is text"),
        ("for: server", "for: server\n    message: m", 8, "'message' comes twice"),
        ("{a: \"1\"}", "{a: 1, a: 2}", 13, "'a' comes twice"),
        ("      - warning", "      - wrning", 2, "unknown severity 'wrning'; did you mean 'warning'?"),
        ("- error: a == 1", "- eror: a == 1", 2, "unknown severity 'eror'; did you mean 'error'?"),
        ("      - warning\n", "", 2, "'severity' is one severity, or cases ({error: condition}) and then one severity"),
        ("it is so: a", "it is so: [a]", 9, "'unless' is a mapping of texts"),
        ("safety: unsafe", "safety: unsafer", 14, "'safety' is safe or unsafe, not 'unsafer'; did you mean 'unsafe'?"),
        ("      because: it changes\n", "", 11, "an unsafe fix says because of what"),
        ("      set: {a: \"1\"}\n", "", 11, "'fix' changes nothing: set, add, remove, rename, replace"),
        ("title: t", "titel: t", 12, "unknown field 'titel'; did you mean 'title'?"),
        ("silent: it", "silnt: it", 22, "unknown field 'silnt'; did you mean 'silent'?"),
        ("name: two", "nme: two", 21, "an example has a 'name' and 'files'"),
        ("summary: s", "summary: s\n    needs: eddge", 2, "'needs' is edge, not 'eddge'; did you mean 'edge'?"),
        ("summary: s", "summary: [s", 2, "did not find expected ',' or ']'"),
        ("summary: s", "summary: a: b", 1, "mapping values are not allowed in this context"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    path = card_file(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(CardError) as caught:
        read_card(path)
    assert (caught.value.message, caught.value.line) == (message, line)
    assert str(caught.value) == f"{path}:{line}: {message}"


@pytest.mark.parametrize("text", ["", "[]", "text", "- a\n- b"])
def test_what_is_no_mapping_is_no_card(tmp_path: Path, text: str) -> None:
    with pytest.raises(CardError, match=r"a-rule\.yaml:1: a card is a mapping of fields"):
        card(tmp_path, text)


def test_a_rule_has_a_name_in_small_letters(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="not 'A_rule'"):
        card(tmp_path, GOOD, "timeouts/A_rule.yaml")


def test_bytes_that_are_no_text_and_anchors_without_end_are_no_card(tmp_path: Path) -> None:
    path = card_file(tmp_path, GOOD)
    path.write_bytes(b"summary: \xff\xfe")
    with pytest.raises(CardError):
        read_card(path)
    path.write_text("&a summary: &b [*b]\n")
    with pytest.raises(CardError):
        read_card(path)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one card, that the package thinks it lives in."""
    (tmp_path / "src/serveaudit/data").mkdir(parents=True)
    card_file(tmp_path / "rules", GOOD)
    monkeypatch.setattr(shipped, "__file__", str(tmp_path / "src/serveaudit/shipped.py"))
    return tmp_path


def messages() -> dict[str, str]:
    return {card.name: card.fields["message"] for card in shipped.own_cards()}


def bundle(checkout: Path) -> Path:
    return checkout / "src/serveaudit/data/rules.json"


def test_cards_are_kept_as_one_json_without_their_examples(checkout: Path) -> None:
    assert messages() == {"a-rule": "1.10 and 60:00"}
    assert "examples" not in bundle(checkout).read_text()
    kept = json.loads(bundle(checkout).read_text())
    kept["cards"][0][2]["message"] = "from the JSON"
    bundle(checkout).write_text(json.dumps(kept))
    assert messages() == {"a-rule": "from the JSON"}


def test_the_examples_of_a_kept_card_are_read_from_its_file(checkout: Path) -> None:
    shipped.own_cards()
    (kept,) = shipped.own_cards()
    assert "examples" not in kept.fields and len(kept.examples) == 2


def test_an_edited_a_new_and_a_removed_card_count_at_once(checkout: Path) -> None:
    messages()
    path = card_file(checkout / "rules", GOOD.replace("1.10", "1.11"))
    os.utime(path, ns=(1, 1))  # even where the new file is older: from another branch, say
    assert messages() == {"a-rule": "1.11 and 60:00"}
    card_file(checkout / "rules", GOOD, "tls/other.yaml")
    assert list(messages()) == ["a-rule", "other"]
    path.unlink()
    assert list(messages()) == ["other"]


def test_where_nothing_can_be_kept_the_cards_are_read_each_time(checkout: Path) -> None:
    bundle(checkout).parent.rmdir()
    assert messages() == messages() == {"a-rule": "1.10 and 60:00"}


def test_a_broken_json_is_written_anew(checkout: Path) -> None:
    bundle(checkout).write_text('{"cards": [')
    assert messages() == {"a-rule": "1.10 and 60:00"}
    assert json.loads(bundle(checkout).read_text())["cards"]


def test_an_installed_package_trusts_its_json(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages()
    (checkout / "rules").rename(checkout / "src/serveaudit/rules")
    path = checkout / "src/serveaudit/rules/timeouts/a-rule.yaml"
    path.write_text("not looked at")
    assert messages() == {"a-rule": "1.10 and 60:00"}
    assert shipped.own_cards()[0].path == path
