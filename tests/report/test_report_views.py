"""Settings, the map and explanations."""

import json
from pathlib import Path
from textwrap import dedent

import jsonschema

from serveaudit import builtin
from serveaudit.cards import Card
from serveaudit.command import Command
from serveaudit.report import explain, settings, text, tree
from serveaudit.result import MapNode
from serveaudit.serving import BadFlag, Server, Setting
from serveaudit.source import SourceFile
from serveaudit.units import Seconds, address
from serveaudit.values import Branch, How, Items, Partial, Place, Range, Unknown, Value

RUN = SourceFile("run.sh", "set -e\nexec gunicorn --password hush --workers 3 app:app\n")
CONFIG = SourceFile("gunicorn.conf.py", "timeout = int(os.environ.get('TIMEOUT', 120))\nbind = [...]\ntime_out = 1\n")


def line(source: SourceFile, number: int, how: How = How.WRITTEN) -> Place:
    return Place(source.line_span(number), how)


def setting(name: str, x: object, origin: str, place: Place, **changed: object) -> Setting:
    value = x if isinstance(x, Value) else Value(x, (place,))
    return Setting(name, value, origin, place, **changed)  # type: ignore[arg-type]


def server(**settings: Setting) -> Server:
    words = tuple(Value(word) for word in RUN.line_text(2).split()[1:])
    return Server(
        "gunicorn",
        line(RUN, 2),
        Command(words, line(RUN, 2)),
        version=Value("27.0"),
        settings=settings,
        strange=[setting("time_out", 1, "written", line(CONFIG, 3))],
        bad_flags=[BadFlag("--password", line(RUN, 2))],
    )


DEFAULT = setting("keepalive", Seconds(2), "default", line(RUN, 2, How.DEFAULT))
WORKERS = setting("workers", 3, "flag", line(RUN, 2), overrides=(setting("workers", 9, "written", line(CONFIG, 1)),))
TIMEOUT = setting("timeout", Value(120, assumes=("$TIMEOUT is not set",), depends=("env:TIMEOUT",)), "written", line(CONFIG, 1))
BIND = setting(
    "bind",
    Items((Value(address("0.0.0.0:8000")), Value(Partial(("0.0.0.0:", Unknown("no", "$PORT")))))),
    "written",
    line(CONFIG, 2),
)


def table(*servers: Server, everything: bool = False) -> str:
    return text.plain(settings.render(servers, everything))


def data(**given: Setting) -> dict[str, dict[str, object]]:
    parsed = json.loads(settings.render_json([server(**given)]))
    found = parsed["servers"][0]["settings"]
    assert isinstance(found, dict)
    return found


def test_settings_tell_what_differs_from_the_defaults_and_where_it_comes_from() -> None:
    assert table(server(workers=WORKERS, timeout=TIMEOUT, keepalive=DEFAULT, bind=BIND)) == dedent("""\
        gunicorn 27.0  run.sh:2
          gunicorn --password *** --workers 3 app:app
          bind        0.0.0.0:8000, 0.0.0.0:<$PORT>  gunicorn.conf.py:2
          timeout     120 (if $TIMEOUT is not set)   gunicorn.conf.py:1
          workers     3                              run.sh:2, instead of 9 (gunicorn.conf.py:1)
          time_out    1                              gunicorn.conf.py:3, not known
          --password                                 run.sh:2, refused
          1 more at the program's defaults (--all lists them)
    """)


def test_all_settings_are_told_when_asked_for() -> None:
    assert "  keepalive   2 s  default\n" in table(server(keepalive=DEFAULT), everything=True)


def test_no_server_is_said() -> None:
    assert table() == "No server was found.\n"


def test_secrets_are_left_out_of_settings() -> None:
    env = setting("env", Items(("SECRET=hush", "A=b")), "written", line(CONFIG, 1))
    password = setting("keyfile_password", "hush hush", "written", line(CONFIG, 1))
    assert "hush" not in table(server(env=env, password=password))
    assert "hush" not in json.dumps(data(env=env, password=password))
    assert data(env=env)["env"]["value"] == ["SECRET=***", "A=b"]


def test_settings_as_json_have_the_documented_shape() -> None:
    origin = {
        "type": "object",
        "properties": {
            "kind": {"enum": ["written", "flag", "environment", "default"]},
            "path": {"type": "string"},
            "line": {"type": "integer"},
        },
        "required": ["kind", "path", "line"],
        "additionalProperties": False,
    }
    one = {
        "type": "object",
        "properties": {
            "known": {"type": "boolean"},
            "origin": origin,
            "depends_on": {"type": "array"},
            "overrides": {"type": "array"},
        },
        "required": ["value", "known", "depends_on", "origin", "overrides"],
        "if": {"properties": {"known": {"const": False}}},
        "then": {"required": ["why"], "properties": {"value": {"type": "null"}}},
    }
    found = data(workers=WORKERS, timeout=TIMEOUT, keepalive=DEFAULT, bind=BIND)
    for given in found.values():
        jsonschema.validate(given, one)
    assert found["timeout"] == {
        "value": 120,
        "known": True,
        "depends_on": ["env:TIMEOUT"],
        "origin": {"kind": "written", "path": "gunicorn.conf.py", "line": 1},
        "overrides": [],
    }
    assert found["workers"]["overrides"] == [
        {"value": 9, "known": True, "origin": {"kind": "written", "path": "gunicorn.conf.py", "line": 1}}
    ]
    assert found["keepalive"]["value"] == 2
    launch = json.loads(settings.render_json([server()]))["servers"][0]
    assert (launch["program_version"], launch["launch"]) == (
        "27.0",
        {"path": "run.sh", "line": 2, "command": "gunicorn --password *** --workers 3 app:app"},
    )


def test_what_is_not_known_says_why() -> None:
    branch = Branch("DEBUG", (("$DEBUG is set", Value(1)), ("$DEBUG is not set", Value(None))))
    whys = {"a": Unknown("read at run time"), "b": Range(3), "c": branch, "d": Partial(("x", Unknown("no default", "$X")))}
    found = data(**{name: setting(name, x, "written", line(CONFIG, 1)) for name, x in whys.items()})
    assert [found[name]["why"] for name in "abcd"] == [
        "read at run time",
        "at least 3",
        "1 if $DEBUG is set or not set if $DEBUG is not set",
        "no default",
    ]
    assert [found[name]["value"] for name in "abcd"] == [None] * 4


def test_endless_durations_are_valid_json() -> None:
    assert data(a=setting("a", Seconds("inf"), "written", line(CONFIG, 1)))["a"]["value"] == "inf s"


def test_a_server_that_nothing_starts_has_no_launch() -> None:
    alone = Server("gunicorn", line(CONFIG, 1))
    assert json.loads(settings.render_json([alone]))["servers"][0]["launch"] is None
    assert table(alone) == "gunicorn  gunicorn.conf.py:1\n"


def test_the_map_is_a_tree_with_dotted_assumptions() -> None:
    leaf = MapNode("gunicorn sync x9", "127.0.0.1:8000", line(RUN, 2))
    nodes = [
        MapNode("compose.prod", children=(MapNode("nginx :80", children=(leaf, MapNode("\x1bleft", dashed=True))), leaf)),
        MapNode("host"),
    ]
    assert text.plain(tree.render(nodes)) == dedent("""\
        compose.prod
        |-- nginx :80
        |   |-- gunicorn sync x9  127.0.0.1:8000  run.sh:2
        |   `.. \\x1bleft
        `-- gunicorn sync x9  127.0.0.1:8000  run.sh:2

        host
    """)
    assert text.plain(tree.render([])) == "Nothing was found that serves or proxies.\n"
    first = json.loads(tree.render_json(nodes))["deployments"][0]["children"][0]
    assert (first["children"][0]["place"], first["children"][1]["proved"]) == ({"path": "run.sh", "line": 2}, False)


FIELDS = {
    "summary": "nginx stops waiting before the worker's own timeout",
    "severity": [{"error": 'app.framework == "django"'}, "warning"],
    "why": "The client sees 504.\n\nThe worker goes on.\n",
    "unless": {"the location only carries websockets": "route.only_websockets"},
    "fix": {"title": "wait longer", "safety": "unsafe", "because": "clients will wait"},
    "proof": "tests/proofs/test_timeouts.py::test_it",
    "references": ["https://nginx.org/en/docs/"],
    "examples": [
        {"name": "fine", "silent": "x", "files": {"a": "b"}},
        {"name": "sixty against 120", "files": {"nginx.conf": "a;\n\nb;  # finding\n"}, "fixed": {"nginx.conf": "c;\n"}},
    ],
}
CARD = Card("proxy-gives-up-first", "timeouts", Path(), FIELDS)
PROOFS = {"tests/proofs/test_timeouts.py::test_it": {"seen": "2026-11-25", "on": {"gunicorn": "27.0.1", "nginx": "1.22.1"}}}


def test_a_card_is_explained_as_a_page() -> None:
    assert text.plain(explain.render(CARD, PROOFS)) == dedent("""\
        proxy-gives-up-first  timeouts
        nginx stops waiting before the worker's own timeout

        Severity
          error if app.framework == "django"
          warning otherwise

        Why
          The client sees 504.

          The worker goes on.

        Silent when
          - the location only carries websockets

        Example
          sixty against 120:
            nginx.conf
              a;

              b;  # finding
          mended:
            nginx.conf
              c;

        Fix
          wait longer (unsafe, because clients will wait)

        Seen
          on gunicorn 27.0.1 and nginx 1.22.1, 2026-11-25 (tests/proofs/test_timeouts.py::test_it)

        References
          https://nginx.org/en/docs/
    """)


def test_what_no_proof_has_seen_is_not_claimed() -> None:
    assert "Seen" not in text.plain(explain.render(CARD, {}))
    small = Card("x", "y", Path(), {"summary": "s", "severity": "info", "examples": []})
    assert text.plain(explain.render(small, {})) == "x  y\ns\n\nSeverity\n  info\n"


def test_rules_are_listed_by_category() -> None:
    others = [
        Card("b", "tls", Path(), {"summary": "bad", "severity": "info"}),
        Card("a", "tls", Path(), {"summary": "x", "severity": "error"}),
    ]
    assert text.plain(explain.listing([*others, CARD])) == dedent("""\
        timeouts
          proxy-gives-up-first  error    nginx stops waiting before the worker's own timeout

        tls
          a  error    x
          b  info     bad
    """)
    assert json.loads(explain.listing_json([CARD])) == {
        "version": 1,
        "rules": [
            {
                "rule": "proxy-gives-up-first",
                "category": "timeouts",
                "severities": ["error", "warning"],
                "summary": "nginx stops waiting before the worker's own timeout",
            }
        ],
    }


def test_rules_about_the_audit_itself_can_be_explained() -> None:
    for card in builtin.CARDS:
        page = text.plain(explain.render(card, {}))
        assert all(f"\n{title}\n" in page for title in ("Severity", "Why", "Silent when", "Example"))
