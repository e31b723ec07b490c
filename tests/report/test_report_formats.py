"""The whole report: text with its summary, concise, json."""

import json
from textwrap import dedent

import jsonschema
from report_samples import GIVES_UP, GUNICORN, NGINX, at, finding, result

from serveaudit.finding import Certainty, Edit, Fix, Severity
from serveaudit.report import concise, machine, text
from serveaudit.report.frame import Page
from serveaudit.report.summary import summary
from serveaudit.result import Result
from serveaudit.source import SourceFile

POSITION = {
    "type": "object",
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
    "required": ["line", "column"],
    "additionalProperties": False,
}


def closed(**properties: object) -> dict[str, object]:
    """The schema of an object with exactly these keys."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def listed(schema: object) -> dict[str, object]:
    return {"type": "array", "items": schema}


TEXT, COUNT = {"type": "string"}, {"type": "integer", "minimum": 0}
EDIT = closed(path=TEXT, start=POSITION, end=POSITION, text=TEXT)
FIX = closed(title=TEXT, safety={"enum": ["safe", "unsafe"]}, because=TEXT, edits=listed(EDIT))
FINDING = closed(
    rule=TEXT,
    category=TEXT,
    severity={"enum": ["error", "warning", "info"]},
    certainty={"enum": ["certain", "possible"]},
    message=TEXT,
    conditions=listed(TEXT),
    contexts=listed(TEXT),
    url=TEXT,
    fingerprint={"type": "string", "pattern": "^[0-9a-f]{16}$"},
    locations={
        "minItems": 1,
        **listed(closed(path=TEXT, role={"enum": ["primary", "related"]}, label=TEXT, start=POSITION, end=POSITION)),
    },
    fix={"anyOf": [{"type": "null"}, FIX]},
)
SCHEMA = closed(
    version={"const": 1},
    tool=closed(name={"const": "serveaudit"}, version=TEXT),
    findings=listed(FINDING),
    files=listed(closed(path=TEXT, kind=TEXT, status={"enum": ["read", "partly", "unreadable", "template"]}, reason=TEXT)),
    undecided=listed(closed(rule=TEXT, path=TEXT, line={"type": "integer", "minimum": 1}, why=TEXT)),
    suppressed=closed(inline=COUNT, baseline=COUNT, config=COUNT),
)


def last_lines(found: Result, verbose: bool = False) -> str:
    return "\n".join(summary(found, found.findings, verbose)) + "\n"


def report(found: Result) -> dict[str, object]:
    parsed = json.loads(machine.render(found, found.findings, {"a-rule": "https://example.com/a"}))
    jsonschema.validate(parsed, SCHEMA)
    assert isinstance(parsed, dict)
    return parsed


def test_the_text_report_has_a_blank_line_between_findings_and_a_summary() -> None:
    found = result(GIVES_UP, finding(at(NGINX, "more on", "too much")))
    blocks = text.plain(text.render(found, found.findings, Page())).split("\n\n")
    assert [block.splitlines()[0][:20] for block in blocks] == [
        "warning[proxy-gives-",
        "warning[a-rule]: it ",
        "Read 4 files: nginx ",
    ]


def test_the_summary_tells_what_was_read_and_what_was_not() -> None:
    assert last_lines(result(GIVES_UP)) == dedent("""\
        Read 4 files: nginx 1, gunicorn 1, Dockerfile 1, compose 1.
        Read in part: compose.yml (!reset is not understood).
        Not read: deploy/site.conf.j2 (Jinja template). 3 checks undecided (--verbose tells which).
        Found 1 warning; 2 suppressed (1 inline, 1 baseline).
    """)


def test_a_verbose_summary_groups_open_questions_by_what_they_wait_for() -> None:
    assert "  the keep-alive time depends on $KEEP: idle-connection-reset (deploy/nginx.conf:13), " in last_lines(
        result(), verbose=True
    )
    assert "proxy-gives-up-first (deploy/nginx.conf:14)\n  include tls.conf was not found: old-tls-" in last_lines(
        result(), verbose=True
    )


def test_nothing_found_and_nothing_read_are_told_apart() -> None:
    assert last_lines(Result()) == (
        "Read no files: nothing here was recognised as part of a deployment.\nFound nothing to complain about.\n"
    )
    assert last_lines(result(undecided=[], suppressed={})).endswith("Found nothing to complain about.\n")


def test_findings_are_counted_by_severity_and_by_how_they_can_be_fixed() -> None:
    place = at(NGINX, "more on")
    safe, unsafe = (Fix("title", (Edit(place.span, "x"),), safe) for safe in (True, False))
    found = result(
        finding(place, severity=Severity.ERROR, fix=safe),
        finding(place, fix=unsafe),
        finding(place),
        finding(place, severity=Severity.INFO),
        suppressed={},
        mended=3,
    )
    assert last_lines(found).splitlines()[-1] == (
        "Found 1 error, 2 warnings, 1 for information (2 fixable with --fix, 1 with --unsafe);"
        " 3 of the baseline no longer there."
    )
    one = result(finding(place, fix=unsafe), suppressed={})
    assert last_lines(one).splitlines()[-1] == "Found 1 warning (fixable with --fix --unsafe)."


def test_what_the_options_hide_is_counted() -> None:
    place = at(NGINX, "more on")
    found = result(finding(place, certainty=Certainty.POSSIBLE), finding(place, severity=Severity.INFO), suppressed={})
    assert summary(found, [])[-1] == "Not shown: 1 possible finding (--possible), 1 below --min-severity."


def test_many_names_are_cut_short_unless_verbose() -> None:
    found = result()
    found.files = [found.files[4]] * 9
    assert ", deploy/site.conf.j2 (Jinja template) and 3 more (--verbose lists them). 3 checks" in last_lines(found)
    assert last_lines(found, verbose=True).count("site.conf.j2") == 9


def test_concise_is_one_line_for_each_finding() -> None:
    one = finding(at(NGINX, "more on", "x\ny"), certainty=Certainty.POSSIBLE, message="a\nb")
    assert concise.render([GIVES_UP, one]) == (
        "deploy/nginx.conf:14:9: warning[proxy-gives-up-first] nginx gives up on this app 90 s before gunicorn does"
        " (gunicorn.conf.py:7 a sync worker may stay on one request for 120 s;"
        " deploy/nginx.conf:13 goes to 127.0.0.1:8000 (upstream app, line 4);"
        " gunicorn.conf.py:4 this app listens on 127.0.0.1:8000)\n"
        "deploy/nginx.conf:15:9: warning[a-rule] a\\nb (possible)\n"
    )
    assert concise.render([]) == ""


def test_json_is_the_documented_object() -> None:
    place = at(NGINX, "more on")
    fix = Fix("off", (Edit(place.span, "more off"),), False, "it changes")
    parsed = report(result(GIVES_UP, finding(place, fix=fix, conditions=("unless $A is set",))))
    first, second = parsed["findings"]  # type: ignore[misc]
    assert first["locations"][0] == {
        "path": "deploy/nginx.conf",
        "role": "primary",
        "label": "nginx answers 504 after 30 s without a byte",
        "start": {"line": 14, "column": 9},
        "end": {"line": 14, "column": 31},
    }
    assert (first["url"], second["url"], first["fix"]) == ("", "https://example.com/a", None)
    assert (
        second["fix"]["edits"][0] == {**second["locations"][0], "text": "more off"} | {} or second["fix"]["safety"] == "unsafe"
    )
    assert parsed["suppressed"] == {"inline": 1, "baseline": 1, "config": 0}
    assert parsed["undecided"][0] == {  # type: ignore[index]
        "rule": "idle-connection-reset",
        "path": "deploy/nginx.conf",
        "line": 13,
        "why": "the keep-alive time depends on $KEEP",
    }


def test_json_of_nothing_is_a_whole_document() -> None:
    assert report(Result())["findings"] == []


def test_json_tells_places_in_the_file_on_disk() -> None:
    outer = SourceFile("README.md", "```nginx\nlisten 80;\n```\n")
    parsed = report(result(finding(at(outer.slice(9, 19), "80"))))
    assert parsed["findings"][0]["locations"][0]["start"] == {"line": 2, "column": 8}  # type: ignore[index]


def test_json_holds_no_raw_control_characters_or_broken_paths() -> None:
    source = SourceFile("a\udcff\x1b.conf", "x")
    text = machine.render(result(), [finding(at(source, "x"), message="\x1b[2J", fingerprint="0" * 16)])
    assert text.isascii() and "\x1b" not in text


def test_every_location_of_the_sample_is_where_it_says() -> None:
    assert [str(location.span) for location in GIVES_UP.locations if location.span.source is GUNICORN] == [
        "gunicorn.conf.py:7",
        "gunicorn.conf.py:4",
    ]
