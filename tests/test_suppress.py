"""Inline ignores, per-file ignores and the baseline."""

import json
from pathlib import Path

import pytest

from serveaudit import baseline, suppress
from serveaudit.config import Config, ConfigError
from serveaudit.finding import Certainty, Finding, Location, Severity, Undecided
from serveaudit.fingerprint import stamp
from serveaudit.source import SourceFile

RULES = {"slow": "timeouts", "idle": "timeouts", "open": "exposure", "unused-ignore": "validity"}


def finding(source: SourceFile, *texts: str, rule: str = "slow", symbol: str = "here") -> Finding:
    """A finding whose locations are the first places of these texts."""
    spans = [source.span(source.text.index(text), source.text.index(text) + len(text)) for text in texts]
    locations = tuple(Location(span, "", "related" if n else "primary") for n, span in enumerate(spans))
    return Finding(rule, RULES[rule], Severity.WARNING, Certainty.CERTAIN, "message", locations, symbol)


def heard(text: str, rule: str = "slow") -> list[str]:
    """The lines of a text, of those that hold an X, at which a finding is still told."""
    source = SourceFile("a.conf", text)
    lines = [number for number, line in enumerate(text.split("\n"), 1) if "X" in line]
    findings = [
        Finding(rule, RULES[rule], Severity.WARNING, Certainty.CERTAIN, "m", (Location(source.line_span(line)),), "")
        for line in lines
    ]
    kept = suppress.by_comment(findings, [], suppress.ignores([source]), RULES)
    return [one.primary.span.text for one in kept]


def complaints(text: str, used: str = "", asked: frozenset[str] = frozenset(RULES)) -> list[str]:
    """What is said about the ignores of a text in which one finding, of the rule `slow`, stands at `used`."""
    source = SourceFile("a.conf", text)
    written = suppress.ignores([source])
    suppress.by_comment([finding(source, used)] if used else [], [], written, RULES)
    found = suppress.unused(written, RULES, lambda rule, category: rule in asked)
    return [f"{one.primary.span.line}:{one.primary.span.text}: {one.message}" for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X1; # serveaudit: ignore[slow] known\nX2;\n", ["X2;"]),
        ("# serveaudit: ignore[slow]\nX1;\nX2;\n", ["X2;"]),
        ("; serveaudit: ignore[slow]\nX1 = 1\nX2 = 2\n", ["X2 = 2"]),
        ("// serveaudit:ignore[slow]\nX1\nX2\n", ["X2"]),
        ("<!-- serveaudit: ignore[slow] -->\n\nX1\n\nX2\n", ["X2"]),
        ("# serveaudit: ignore[slow]\n# another remark\nX1;\nX2;\n", ["X2;"]),
        ("# serveaudit: ignore[slow]\n\nX1;\n", ["X1;"]),
        ("# serveaudit: ignore[other, slow]\nX1;\n", []),
        ("# serveaudit: ignore[timeouts]\nX1;\n", []),
        ("# serveaudit: ignore[exposure]\nX1;\n", ["X1;"]),
        ("# serveaudit: ignore\nX1;\n", ["X1;"]),
        ('log = "a `# serveaudit: ignore[slow]`"\nX1\n', ["X1"]),
        ("# serveaudit: ignore[slow]", []),
    ],
)
def test_an_ignore_holds_for_its_line_or_the_next(text: str, expected: list[str]) -> None:
    assert heard(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "# serveaudit: ignore[slow]\nserver { # X1\n  location / {\n  X2;\n  }\n# a remark }\nX3 '}';\n}\n#X4\n",
        "server { # serveaudit: ignore[slow]\n X1;\n location ~ \\.(a|b)$ { X2; }\n X3;\n}\n#X4\n",
        "services:\n  # serveaudit: ignore[slow]\n  X1:\n    ports:\n\n      - X2\n    # deeper\n    x: X3\n  #X4: 1\n",
        "# serveaudit: ignore[slow]\nX1:\n- X2\n- X3\n#X4: 1\n",
        "x:\n  # serveaudit: ignore[slow]\n  - name: X1\n    X2: 1\n    X3: 1\n  - name: '#X4'\n",
        "# serveaudit: ignore[slow]\n[X1]\na = X2\n\nb=X3\n[x]\n#X4\n",
        "# serveaudit: ignore[slow]\nif X1:\n    X2 = 1\n    X3 = 2\n#X4 = 3\n",
        "# serveaudit: ignore[slow]\nX1 = [\n'X2',\n'X3',\n]\n#X4\n",
        "# serveaudit: ignore[slow]\nCMD X1 \\\n# why\n--b X2 \\\n--c X3\n#X4 \n",
        "<!-- serveaudit: ignore[slow] -->\n\n```nginx X1\nX2;\nX3;\n```\n#X4\n",
    ],
)
def test_an_ignore_at_the_head_of_a_block_holds_for_the_block(text: str) -> None:
    assert [line.strip("# ;\n").split("X")[-1][0] for line in heard(text)] == ["4"]


def test_a_bracket_that_is_never_closed_is_no_block() -> None:
    assert heard("# serveaudit: ignore[slow]\nX1 {\nX2;\n") == ["X2;"]


def test_an_ignore_is_honoured_at_any_location() -> None:
    nginx = SourceFile("nginx.conf", "proxy_read_timeout 30s;\n")
    gunicorn = SourceFile("gunicorn.conf.py", "timeout = 120  # serveaudit: ignore[slow] reports\n")
    first, second = finding(nginx, "proxy_read_timeout").primary, finding(gunicorn, "timeout").primary
    both = Finding("slow", "timeouts", Severity.WARNING, Certainty.CERTAIN, "m", (first, second), "")
    assert suppress.by_comment([both], [], suppress.ignores([nginx, gunicorn]), RULES) == []


def test_an_ignore_inside_of_an_embedded_text_is_found_at_its_line() -> None:
    outer = SourceFile("README.md", "```nginx\nX1; # serveaudit: ignore[slow]\n```\n")
    view = outer.slice(9, outer.text.index("```\n", 5))
    written = suppress.ignores([outer, view])
    assert len(written) == 1
    assert suppress.by_comment([finding(view, "X1")], [], written, RULES) == []


def test_a_span_of_several_lines_is_silenced_by_any_of_them() -> None:
    source = SourceFile("a.py", "bind = [\n  'a', # serveaudit: ignore[slow]\n  'b',\n]\n")
    assert suppress.by_comment([finding(source, source.text.strip())], [], suppress.ignores([source]), RULES) == []


def test_what_an_ignore_does_not_do_is_told() -> None:
    assert complaints("X; # serveaudit: ignore[slow]\n", used="X") == []
    assert complaints("# serveaudit: ignore[slow, idle]\nX;\n", used="X") == [
        "1:idle: nothing to ignore here: idle has no finding"
    ]
    assert complaints("\n# serveaudit: ignore[slwo]\n") == ["2:slwo: there is no rule 'slwo' to ignore; did you mean 'slow'?"]
    assert complaints("# serveaudit: ignore[exposure]\n") == ["1:exposure: nothing to ignore here: exposure has no finding"]
    assert complaints("# serveaudit: ignore\n") == ["1:# serveaudit: ignore: an ignore has to name rules: ignore[rule-name]"]


def test_an_ignore_of_a_rule_that_was_not_asked_is_not_unused() -> None:
    assert complaints("# serveaudit: ignore[slow]\n", asked=frozenset({"idle"})) == []
    assert complaints("# serveaudit: ignore[timeouts]\n", asked=frozenset({"idle"})) == []


def test_an_ignore_of_an_undecided_question_is_not_unused() -> None:
    source = SourceFile("a.conf", "# serveaudit: ignore[slow]\nX;\n")
    written = suppress.ignores([source])
    suppress.by_comment([], [Undecided("slow", source.line_span(2), "why")], written, RULES)
    assert suppress.unused(written, RULES, lambda rule, category: True) == []


def test_an_unused_ignore_can_be_stated_on_purpose() -> None:
    assert complaints("# serveaudit: ignore[unused-ignore]\n") == []


def test_a_large_file_full_of_ignores_is_read_quickly() -> None:
    text = "# serveaudit: ignore[slow]\nx {\n" * 20_000
    assert len(suppress.ignores([SourceFile("a.conf", text)])) == 20_000


def test_per_file_ignores_go_by_the_primary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config(per_file_ignores={"legacy/*": ("slow", "exposure")}, root=tmp_path)
    old, new = SourceFile("legacy/a.conf", "X"), SourceFile("a.conf", "X")
    findings = [finding(old, "X"), finding(old, "X", rule="open"), finding(old, "X", rule="idle"), finding(new, "X")]
    assert [(one.rule, one.primary.span.path) for one in suppress.by_config(findings, config)] == [
        ("idle", "legacy/a.conf"),
        ("slow", "a.conf"),
    ]


def test_fingerprints_survive_moved_lines_and_are_unique() -> None:
    before = SourceFile("a.conf", "X1;\nX2;\n")
    after = SourceFile("a.conf", "\n\n\nX1;\nnew\nX2;\n")
    first, second = ([one.fingerprint for one in stamp([finding(text, "X1"), finding(text, "X2")])] for text in (before, after))
    assert first == second
    assert len(set(first)) == 2
    others = stamp(
        [finding(before, "X1", rule="idle"), finding(before, "X1", symbol="there"), finding(SourceFile("b", "X1"), "X1")]
    )
    assert len({one.fingerprint for one in others} | set(first)) == 5


def test_a_baseline_leaves_new_findings_and_counts_mended_ones(tmp_path: Path) -> None:
    source = SourceFile("a.conf", "X1;\nX2;\n")
    old = stamp([finding(source, "X1", symbol="one"), finding(source, "X2", symbol="two")])
    path = tmp_path / "baseline.json"
    path.write_text(baseline.dump(old), "utf-8")
    moved = SourceFile("a.conf", "\n\nX1;\nX3;\n")
    now = stamp([finding(moved, "X1", symbol="one"), finding(moved, "X3", symbol="three")])
    read = baseline.load(path)
    assert [one.symbol for one in read.new(now)] == ["three"]
    assert read.mended(now, lambda rule: True) == 1
    assert read.mended(now, lambda rule: False) == 0


def test_a_baseline_holds_no_line_numbers_and_is_sorted() -> None:
    source = SourceFile("b.conf", "\n\n\nX1;\n")
    text = baseline.dump(stamp([finding(source, "X1"), finding(SourceFile("a.conf", "X1"), "X1")]))
    assert [entry["path"] for entry in json.loads(text)["findings"]] == ["a.conf", "b.conf"]
    assert set(json.loads(text)["findings"][0]) == {"rule", "path", "symbol", "fingerprint"}


@pytest.mark.parametrize("content", [None, "", "[]", '{"version": 2, "findings": []}', '{"version": 1}', "[" * 100_000, "\xff"])
def test_what_is_no_baseline_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_text(content, "latin-1")
    with pytest.raises(ConfigError, match=r"baseline\.json: "):
        baseline.load(path)
