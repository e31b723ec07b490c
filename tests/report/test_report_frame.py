"""The frame of a finding, as a person sees it."""

from textwrap import dedent

import pytest
from report_samples import GIVES_UP, at, drawn, finding

from serveaudit.finding import Certainty, Edit, Finding, Fix, Severity
from serveaudit.source import SourceFile


def frame(text: str) -> str:
    return dedent(text).lstrip("\n")


def body(one: Finding, **page: object) -> str:
    """The frame without its first two lines and without the notes."""
    lines = drawn(one, **page).split("\n")
    return "\n".join(lines[3 : lines.index(next(line for line in lines if " = explain" in line)) - 1]) + "\n"


def test_two_files_are_drawn_in_one_frame() -> None:
    assert drawn(GIVES_UP) == frame("""
        warning[proxy-gives-up-first]: nginx gives up on this app 90 s before gunicorn does
          --> deploy/nginx.conf:14:9
           |
        13 |         proxy_pass http://app;
           |         --------------------- goes to 127.0.0.1:8000 (upstream app, line 4)
        14 |         proxy_read_timeout 30s;
           |         ^^^^^^^^^^^^^^^^^^^^^^ nginx answers 504 after 30 s without a byte
           |
           ::: gunicorn.conf.py:7:1
           |
         4 | bind = "127.0.0.1:8000"
           | ----------------------- this app listens on 127.0.0.1:8000
        ...
         7 | timeout = 120
           | ------------- a sync worker may stay on one request for 120 s
           |
           = note: requests slower than 30 s fail for the client but keep a worker busy
           = help: raise proxy_read_timeout to 125s, or lower gunicorn's timeout to 25
           = explain: serveaudit explain proxy-gives-up-first
    """)


def test_several_labels_on_one_line_hang_below_it() -> None:
    source = SourceFile("run.sh", "exec gunicorn -w 9 --timeout 120 -b 0.0.0.0:8000\n")
    one = finding(
        at(source, "--timeout 120", "slow"), at(source, "-w 9", "nine workers"), at(source, "-b 0.0.0.0:8000", "open")
    )
    assert body(one) == frame("""
        1 | exec gunicorn -w 9 --timeout 120 -b 0.0.0.0:8000
          |               ---- ^^^^^^^^^^^^^ --------------- open
          |               |    |
          |               |    slow
          |               nine workers
    """)


def test_a_mark_inside_of_another_keeps_its_own_sign() -> None:
    source = SourceFile("run.sh", "exec gunicorn -w 9 app:app\n")
    one = finding(at(source, "-w 9", "nine workers"), at(source, "gunicorn -w 9 app:app", "starts it"))
    assert body(one) == frame("""
        1 | exec gunicorn -w 9 app:app
          |      ---------^^^^-------- starts it
          |               |
          |               nine workers
    """)


def test_two_labels_of_the_same_place_stand_together() -> None:
    source = SourceFile("run.sh", "gunicorn app:app\n")
    one = finding(at(source, "app:app", "one"), at(source, "app:app", "two"), at(source, "app:app", "one"))
    assert body(one) == frame("""
        1 | gunicorn app:app
          |          ^^^^^^^ one; two
    """)


def test_a_single_line_between_is_shown_and_more_are_left_out() -> None:
    source = SourceFile("a.conf", "one\ntwo\nthree\n\n\nsix\n")
    one = finding(at(source, "three", "c"), at(source, "one", "a"), at(source, "six", "f"))
    assert body(one) == frame("""
        1 | one
          | --- a
        2 | two
        3 | three
          | ^^^^^ c
        ...
        6 | six
          | --- f
    """)


def test_a_span_of_several_lines_is_shown_by_its_first() -> None:
    source = SourceFile("a.py", "bind = [  \n  'a',\n]\n")
    assert body(finding(at(source, "bind = [  \n  'a',\n]", "a list"))) == frame("""
        1 | bind = [
          | ^^^^^^^^ a list
    """)


def test_an_empty_place_has_a_mark_of_one_column() -> None:
    source = SourceFile("a.conf", "")
    assert drawn(finding(at(source, "", "nothing here"))).splitlines()[1:5] == [
        " --> a.conf:1:1",
        "  |",
        "1 |",
        "  | ^ nothing here",
    ]


def test_tabs_are_expanded_and_wide_characters_measured() -> None:
    source = SourceFile("a.conf", '\tset $x "한글"; listen\t80;\n')
    assert body(finding(at(source, "listen\t80", "here"), at(source, "한글", "wide"))) == frame("""
        1 |     set $x "한글"; listen   80;
          |             ----   ^^^^^^^^^^^ here
          |             |
          |             wide
    """)


def test_control_characters_are_shown_and_not_obeyed() -> None:
    source = SourceFile("a\x1b.conf", "x \x1b[31m\u202e red;\n")
    text = drawn(finding(at(source, "red", "a\x1blabel"), message="a\x1b[2Jmessage\u200b"))
    assert "\x1b" not in text and "\u202e" not in text and "\u200b" not in text
    assert r"a\x1b[2Jmessage\u200b" in text
    assert r"--> a\x1b.conf:1:10" in text
    assert "1 | x \\x1b[31m\\u202e red;\n  |                  ^^^ a\\x1blabel" in text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('SECRET_KEY = "hush"', 'SECRET_KEY = "***"'),
        ("SECRET_KEY = 'hush", "SECRET_KEY = '***"),
        ("  - DB_PASSWORD=hush", "  - DB_PASSWORD=***"),
        ("  DJANGO_SECRET_KEY: hush", "  DJANGO_SECRET_KEY: ***"),
        ('  "password": "hush",', '  "password": "***",'),
        ('os.environ["SECRET_KEY"] = "hush"', 'os.environ["SECRET_KEY"] = "***"'),
        ('os.environ.get("SECRET_KEY", "hush")', 'os.environ.get("SECRET_KEY", "***")'),
        ("serve --password hush app", "serve --password *** app"),
        ("ENV API_KEY hush", "ENV API_KEY ***"),
        ('Environment="AWS_SECRET_ACCESS_KEY=hush"', 'Environment="AWS_SECRET_ACCESS_KEY=***"'),
        ('SECRET_KEY_FALLBACKS = ["hush", "hush"]', "SECRET_KEY_FALLBACKS = [***]"),
        ("DB_PWD=hush", "DB_PWD=***"),
        ("db: postgres://me:hush@host/db", "db: postgres://***@host/db"),
        ('proxy_set_header Authorization "Basic hush=";', 'proxy_set_header Authorization "Basic ***";'),
    ],
)
def test_a_secret_is_left_out(line: str, shown: str) -> None:
    text = drawn(finding(at(SourceFile("a", line), line[:4])))
    assert "hush" not in text
    assert f"1 | {shown}\n" in text


@pytest.mark.parametrize(
    "line",
    [
        "server_tokens off;",
        "ssl_certificate_key /etc/ssl/site.key;",
        "proxy_set_header X-Auth-Token $token;",
        "PASSWORD_FILE: /run/secrets/password",
        "SECRET_KEY: ${SECRET_KEY}",
        "SECRET_KEY = get_random_secret_key()",
        'SECRET_KEY = os.environ["SECRET_KEY"]',
        "proxy_pass http://app;",
        "secrets: [site]",
        "PWD=/srv/app",
        "password = None",
    ],
)
def test_what_is_no_secret_is_shown(line: str) -> None:
    assert f"1 | {line}\n" in drawn(finding(at(SourceFile("a", line), line[:4])))


def test_the_value_of_a_kubernetes_variable_is_left_out_by_the_name_above_it() -> None:
    source = SourceFile("a.yml", "- name: DB_PASSWORD\n  value: hush\n- name: PORT\n  value: '80'\n")
    text = drawn(finding(at(source, "value: hush"), at(source, "value: '80'")))
    assert "hush" not in text and "value: '80'" in text


def test_marks_stay_in_place_behind_a_secret() -> None:
    source = SourceFile("a.sh", "SECRET_KEY=0123456789 gunicorn\n")
    assert body(finding(at(source, "gunicorn", "here"))) == frame("""
        1 | SECRET_KEY=*** gunicorn
          |                ^^^^^^^^ here
    """)


def test_a_long_line_is_cropped_around_its_place() -> None:
    source = SourceFile("a.conf", "x" * 100 + " here " + "y" * 100)
    assert body(finding(at(source, "here", "label")), width=40) == frame("""
        1 | …xxxxxxxxxxxxxx here yyyyyyyyyyyyyy…
          |                 ^^^^ label
    """)
    assert "..." in drawn(finding(at(source, "here")), width=40, ellipsis="...")


def test_a_place_that_is_longer_than_the_screen_is_cropped_too() -> None:
    source = SourceFile("a.conf", "x" * 100)
    lines = drawn(finding(at(source, "x" * 100, "long")), width=40).splitlines()
    assert max(len(line) for line in lines[3:4]) <= 40
    assert lines[4] == "  | " + "^" * len(lines[3][4:-1]) + " long"


def test_a_line_of_a_megabyte_is_drawn_at_once() -> None:
    source = SourceFile("a.conf", "password " * 50_000 + "here" + "=x" * 300_000)
    assert max(len(line) for line in drawn(finding(at(source, "here", "label"))).splitlines()) <= 140


def test_conditions_contexts_and_advice_stand_below() -> None:
    source = SourceFile("a.conf", "x")
    one = finding(
        at(source, "x"),
        severity=Severity.ERROR,
        certainty=Certainty.POSSIBLE,
        conditions=("unless $TIMEOUT is set",),
        contexts=("compose.prod", "k8s"),
        help=('if something in front of nginx terminates TLS, say so in serveaudit.toml:\n[deployment]\ntls = "external"',),
        fix=Fix("listen with ssl", (Edit(source.whole(), "y"),), safe=False, because="clients have to follow"),
    )
    assert drawn(one) == frame("""
        error[a-rule]: it will hurt (possible)
         --> a.conf:1:1
          |
        1 | x
          | ^
          |
          = note: unless $TIMEOUT is set
          = note: holds in compose.prod, k8s
          = help: if something in front of nginx terminates TLS, say so in serveaudit.toml:
                  [deployment]
                  tls = "external"
          = help: listen with ssl (--fix --unsafe; clients have to follow)
          = explain: serveaudit explain a-rule
    """)


def test_notes_are_wrapped_on_a_screen_and_not_in_a_pipe() -> None:
    one = finding(at(SourceFile("a.conf", "x"), "x"), help=("some advice that is longer than a narrow screen",))
    assert "  = help: some advice that is longer than a narrow screen\n" in drawn(one, width=40)
    assert "  = help: some advice that is longer than\n          a narrow screen\n" in drawn(one, width=42, screen=True)


def test_places_in_an_embedded_text_are_told_in_the_file_on_disk() -> None:
    outer = SourceFile("README.md", "# Guide\n\n```nginx\nlisten 80;\n```\n")
    view = outer.slice(18, 29)
    assert view.text == "listen 80;\n"
    assert drawn(finding(at(view, "80", "here"))).splitlines()[1:5] == [
        " --> README.md:4:8",
        "  |",
        "4 | listen 80;",
        "  |        ^^ here",
    ]
