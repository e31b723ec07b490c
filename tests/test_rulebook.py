from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serveaudit.cards import CardError
from serveaudit.finding import Certainty, Fix
from serveaudit.rulebook import load_rules
from serveaudit.units import Seconds
from serveaudit.values import MOST_WORLDS, How, Range, Unknown, Value, unless
from serveaudit.verdicts import ask_all
from serveaudit.ways import Ways
from serveaudit.words import Pair
from small_world import (
    VOCABULARY,
    App,
    Gunicorn,
    Header,
    Headers,
    Host,
    Listener,
    Route,
    ask,
    by,
    card_file,
    listed,
    pair,
    place,
    rule,
    said,
    told,
    unread,
)

GIVES_UP = """
    when: route.read_timeout < server.request_limit
    unless:
      the location only carries websockets: route.only_websockets
    message: nginx gives up {server.request_limit - route.read_timeout} before {server.program} does
    labels:
      route.read_timeout: nginx answers 504 after {it} without a byte
      server.request_limit: "{server.program} may stay on one request for {it}"
"""


def one(rule_text: str, *pairs: Pair, **values: Any) -> list[str]:
    """The only finding of a rule, as text."""
    findings, undecided = ask(rule(rule_text), *pairs, **values)
    assert (len(findings), undecided) == (1, [])
    return told(findings[0])


def silent(rule_text: str, *pairs: Pair, **values: Any) -> bool:
    return ask(rule(rule_text), *pairs, **values) == ([], [])


def test_the_values_that_decided_are_the_evidence_and_then_the_lines_that_prove_the_pair() -> None:
    assert one(GIVES_UP, pair(Route(read_timeout=said(Seconds(60), "proxy_read_timeout 60s;")))) == [
        "warning certain: nginx gives up 60 s before gunicorn does",
        "nginx.conf:5: proxy_read_timeout 60s; ^ nginx answers 504 after 60 s without a byte",
        "gunicorn.conf.py:2: timeout = 120 ^ gunicorn may stay on one request for 120 s",
        "nginx.conf:4: proxy_pass http://app ^ goes to 127.0.0.1:8000",
        "gunicorn.conf.py:1: bind = ^ listens here",
    ]


def test_a_default_stands_at_the_head_of_its_block_and_says_so() -> None:
    assert one(GIVES_UP)[1] == "nginx.conf:3: location / { ^ nginx answers 504 after 60 s without a byte (nginx's default)"


def test_a_condition_that_does_not_hold_is_silent() -> None:
    assert silent(GIVES_UP, pair(server=Gunicorn(request_limit=Value(Seconds(30)))))
    assert silent(GIVES_UP, pair(server=Gunicorn(request_limit=Value(None))))


def test_a_guard_that_holds_silences() -> None:
    assert silent(GIVES_UP, pair(Route(only_websockets=Value(True))))


def test_an_undecided_guard_makes_the_finding_possible_and_is_named() -> None:
    assert one(GIVES_UP, pair(Route(only_websockets=unread())))[0] == (
        "warning possible: nginx gives up 60 s before gunicorn does (unless the location only carries websockets)"
    )


def test_what_an_unknown_value_decides_is_undecided_and_names_it() -> None:
    limit = Value(Unknown("{{ timeout }} is a placeholder", "timeout"), (place("timeout = 120"),))
    findings, (undecided,) = ask(rule(GIVES_UP), pair(server=Gunicorn(request_limit=limit)))
    assert not findings
    assert (undecided.why, undecided.about, str(undecided.span)) == (
        "{{ timeout }} is a placeholder",
        "timeout",
        "gunicorn.conf.py:2",
    )


def test_a_guard_that_holds_silences_what_would_be_undecided() -> None:
    assert silent(GIVES_UP, pair(Route(only_websockets=Value(True)), Gunicorn(request_limit=unread())))


def test_an_assumption_becomes_a_condition_of_a_certain_finding() -> None:
    limit = said(Seconds(120), "timeout = 120", "$TIMEOUT is not set")
    assert one(GIVES_UP, pair(server=Gunicorn(request_limit=limit)))[0].endswith("gunicorn does (unless $TIMEOUT is set)")


def test_what_a_guard_rests_on_becomes_a_condition_too() -> None:
    websockets = Value(False, assumes=("$WS is not set",))
    assert one(GIVES_UP, pair(Route(only_websockets=websockets)))[0].endswith("(unless $WS is set)")


@pytest.mark.parametrize(
    ("assumption", "condition"),
    [
        ("$TIMEOUT is not set", "unless $TIMEOUT is set"),
        ("the enclosing http {} does not set it", "unless the enclosing http {} sets it"),
        ("nginx is at least 1.25", "if nginx is at least 1.25"),
    ],
)
def test_assumptions_are_phrased_as_conditions(assumption: str, condition: str) -> None:
    assert unless(assumption) == condition


SLOW, QUICK = said(Seconds(120), "timeout = 120"), said(Seconds(30), "timeout = 30")


def test_a_choice_in_which_it_holds_only_one_way_is_possible_and_named() -> None:
    told = one(GIVES_UP, pair(server=Gunicorn(request_limit=by("$FAST", QUICK, SLOW))))
    assert told[0] == "warning possible: nginx gives up 60 s before gunicorn does (when $FAST is not set)"
    assert told[2].startswith("gunicorn.conf.py:2: timeout = 120")


def test_a_choice_that_changes_nothing_is_not_named() -> None:
    slower = said(Seconds(90), "workers = 9")
    assert one(GIVES_UP, pair(server=Gunicorn(request_limit=by("$FAST", slower, SLOW))))[0].startswith("warning certain")
    limit = by("$A", SLOW, by("$B", QUICK, SLOW))
    both = by("$C", Value(False), Value(False))
    assert one(GIVES_UP, pair(Route(only_websockets=both), Gunicorn(request_limit=limit)))[0].endswith("(when $A is set)")


def test_values_that_hang_on_one_choice_are_never_combined_contradictorily() -> None:
    route = Route(read_timeout=by("$A", Value(Seconds(10)), Value(Seconds(100))))
    assert silent(GIVES_UP, pair(route, Gunicorn(request_limit=by("$A", Value(Seconds(5)), Value(Seconds(50))))))


def test_more_worlds_than_are_tried_are_undecided() -> None:
    servers = listed(*(Gunicorn(processes=by(f"$N{n}", Value(1), Value(2))) for n in range(6)))
    assert MOST_WORLDS < 2**6
    findings, (undecided,) = ask(
        rule("{for: server, when: 'any(s.processes > 5 for s in server.host.servers)'}"),
        pair(server=Gunicorn(host=Host(servers=servers))),
    )
    assert (findings, undecided.why) == ([], "it depends on too many choices")


def test_a_pair_that_is_not_proved_is_undecided_and_one_that_is_none_is_silent() -> None:
    findings, (undecided,) = ask(rule(GIVES_UP), pair(proof=unread("the port is not known")))
    assert (findings, undecided.why) == ([], "the port is not known")
    assert silent(GIVES_UP, pair(proof=Value(False)))


def test_a_pair_that_is_one_in_some_world_only_makes_the_finding_possible() -> None:
    assert one(GIVES_UP, pair(proof=by("$PORT", Value(False), Value(True))))[0].endswith("(when $PORT is not set)")


EDGE = GIVES_UP + "    needs: edge\n"


def test_a_rule_that_needs_the_edge_is_silent_behind_another_proxy_and_possible_where_that_is_not_known() -> None:
    assert one(EDGE, pair(Route(faces_clients=Value(True))))[0].startswith("warning certain")
    assert silent(EDGE, pair(Route(faces_clients=Value(False))))
    assert one(EDGE, pair(Route(faces_clients=unread("port 8080 is published"))))[0] == (
        "warning possible: nginx gives up 60 s before gunicorn does (if nginx faces the clients: port 8080 is published)"
    )


NO_TLS = """
    for: deployment
    let:
      open: "[l for l in deployment.listeners if l.public]"
    when: open and not any(l.tls for l in deployment.listeners)
    at: open[0]
"""


def listener(text: str, tls: Value[Any], public: Value[Any] | None = None) -> Listener:
    return Listener(head=place(text), tls=tls, public=public or Value(True))


def test_what_is_lacking_points_to_what_is_there() -> None:
    listeners = listed(listener("listen 80;", Value(False)), listener("listen 81;", Value(False)))
    assert one(NO_TLS, listeners=listeners) == ["warning certain: m", "nginx.conf:2: listen 80;", "nginx.conf:10: listen 81;"]


def test_a_list_that_may_be_longer_does_not_prove_that_something_is_lacking() -> None:
    for listeners in (
        listed(listener("listen 80;", Value(False)), listener("listen 81;", unread("listen {{ port }}"))),
        listed(listener("listen 80;", Value(False)), complete=Unknown("sites-enabled/* was not read")),
    ):
        findings, (undecided,) = ask(rule(NO_TLS), listeners=listeners)
        assert not findings and undecided.why in ("listen {{ port }}", "sites-enabled/* was not read")


def test_a_sure_witness_beats_unknown_members_and_speaks_alone() -> None:
    listeners = listed(listener("listen 80;", unread()), listener("listen 81;", Value(True)), complete=Unknown("more"))
    assert one("{for: deployment, when: any(l.tls for l in deployment.listeners)}", listeners=listeners) == [
        "warning certain: m",
        "nginx.conf:10: listen 81;",
    ]


DROPPED = """
    for: route
    severity:
      - error: '"Host" in lost and route.app.framework == "django"'
      - warning
    let:
      lost: "[h.name for h in route.outer_headers if h.name in FORWARDED and h.name not in route.own_header_names]"
    when: [route.own_header_names, lost]
    message: drops {lost}
    labels:
      h: not inherited here
"""


def header(name: str) -> Header:
    return Header(head=place(f"proxy_set_header {name}"), name=Value(name))


def dropping(**values: Any) -> Pair:
    names = ("Host", "X-Forwarded-Proto", "X-Custom")
    return pair(
        Route(
            **{
                "outer_headers": listed(*map(header, names)),
                "own_header_names": listed(Value("Via"), at="listen 80;"),
                **values,
            }
        )
    )


def test_the_first_case_that_surely_holds_gives_the_severity_and_its_evidence() -> None:
    assert one(DROPPED, dropping(app=App(framework=said("django", "workers = 9")))) == [
        "error certain: drops Host, X-Forwarded-Proto",
        "nginx.conf:2: listen 80; ^ these replace all outer ones",
        "nginx.conf:6: proxy_set_header Host ^ not inherited here",
        "nginx.conf:7: proxy_set_header X-Forwarded-Proto ^ not inherited here",
        "gunicorn.conf.py:3: workers = 9",
    ]
    assert one(DROPPED, dropping(app=App(framework=unread())))[0] == "warning certain: drops Host, X-Forwarded-Proto"


def test_what_may_be_repeated_in_an_unread_include_is_undecided() -> None:
    findings, (undecided,) = ask(
        rule(DROPPED), dropping(own_header_names=listed(Value("Via"), complete=Unknown("proxy.inc was not read")))
    )
    assert (findings, undecided.why) == ([], "proxy.inc was not read")


CROWDED = """
    for: server
    let:
      running: sum(s.processes for s in server.host.servers)
    when: running > 2 * server.host.cpus + 1
    message: "{running} workers share {server.host.cpus} CPUs"
"""


def crowded(*processes: Value[Any], cpus: Value[Any]) -> Pair:
    host = Host(cpus=cpus)
    servers = [Gunicorn(processes=each, host=host) for each in processes]
    host.values["servers"] = listed(*servers)
    return pair(server=servers[0])


TWO = said(2.0, "cpus:")


def test_ranges_decide_where_they_can() -> None:
    nine = said(9, "workers = 9")
    assert one(CROWDED, crowded(nine, cpus=TWO))[0] == "warning certain: 9 workers share 2 CPUs"
    assert one(CROWDED, crowded(nine, Value(Range(1)), cpus=TWO))[0] == "warning certain: at least 10 workers share 2 CPUs"
    assert ask(rule(CROWDED), crowded(Value(Range(3)), cpus=TWO))[1][0].why == "known only to be at least 3"
    assert ask(rule(CROWDED), crowded(nine, cpus=unread("no limit is written")))[1][0].why == "no limit is written"


def test_the_primary_place_is_the_one_that_the_card_names() -> None:
    assert one(GIVES_UP + "    at: server.request_limit")[1].startswith("gunicorn.conf.py:2")


def test_absent_things_that_share_a_head_share_its_place() -> None:
    def head(x: Any, note: str) -> Value[Any]:
        return Value(x, (place("location / {", How.ABSENT, note),))

    handshake = Headers(Upgrade=head(None, "Upgrade is not forwarded"), Connection=head("close", "Connection: close is sent"))
    text = """{for: route, when: 'route.handshake["Upgrade"] != "websocket" or route.handshake["Connection"] == "close"'}"""
    assert one(text, pair(Route(handshake=handshake)))[1:] == ["nginx.conf:3: location / { ^ Upgrade is not forwarded"]
    both = text.replace(" or ", " and ")
    assert one(both, pair(Route(handshake=handshake)))[1:] == [
        "nginx.conf:3: location / { ^ Upgrade is not forwarded; Connection: close is sent"
    ]


def test_a_value_on_the_way_to_another_shows_nothing_where_that_one_does() -> None:
    app = Value(App(framework=said("django", "workers = 9")), (place("proxy_pass http://app"),))
    assert one("{for: route, when: route.app.framework == 'django'}", pair(Route(app=app)))[1:] == [
        "gunicorn.conf.py:3: workers = 9"
    ]
    bare = Value(App(framework=Value("django")), (place("proxy_pass http://app"),))
    assert one("{for: route, when: route.app.framework == 'django'}", pair(Route(app=bare)))[1:] == [
        "nginx.conf:4: proxy_pass http://app"
    ]


def test_a_finding_without_any_place_stands_at_the_head_of_its_subject() -> None:
    route = Route(head=place("location / {"), path=Value("/"))
    assert one("{for: route, when: route.path == '/'}", pair(route))[1:] == ["nginx.conf:3: location / {"]


def test_the_symbol_is_that_of_the_subject_with_the_word_that_was_read() -> None:
    findings, _ = ask(rule(GIVES_UP))
    assert findings[0].symbol == "http/server/location[/]/read_timeout"
    findings, _ = ask(rule(GIVES_UP + "    at: server.request_limit"))
    assert findings[0].symbol == "gunicorn[app]/request_limit"


def test_a_card_for_a_special_form_is_asked_of_that_form_only() -> None:
    text = "{for: route to gunicorn, when: server.worker_class == 'sync' and gunicorn.worker_class == 'sync'}"
    sync = {"worker_class": said("sync", "workers = 9")}
    assert len(ask(rule(text), pair(server=Gunicorn(**sync)))[0]) == 1
    assert len(ask(rule("when: server.processes == 1"), pair(server=Gunicorn()))[0]) == 1


SPECIFIC, GENERAL = (
    rule(GIVES_UP, "specific", replaces=["general"]),
    rule("{for: route, when: route.read_timeout > 0}", "general"),
)


def test_a_rule_silences_those_that_it_replaces_on_the_same_subject() -> None:
    assert [finding.rule for finding in ask([GENERAL, SPECIFIC])[0]] == ["specific"]
    assert [finding.rule for finding in ask([GENERAL])[0]] == ["general"]
    other = pair(Route("other", read_timeout=said(Seconds(60), "proxy_read_timeout 60s;")), Gunicorn(request_limit=Value(None)))
    assert [finding.rule for finding in ask([GENERAL, SPECIFIC], pair(), other)[0]] == ["general", "specific"]


def test_a_possible_finding_never_silences_a_certain_one() -> None:
    findings, _ = ask([GENERAL, SPECIFIC], pair(Route(only_websockets=unread())))
    assert [(finding.rule, finding.certainty) for finding in findings] == [
        ("general", Certainty.CERTAIN),
        ("specific", Certainty.POSSIBLE),
    ]


def test_findings_that_say_the_same_of_the_same_place_are_one_and_the_surest_is_kept() -> None:
    findings, _ = ask(rule(GIVES_UP), pair(Route(only_websockets=unread())), pair(Route("again")))
    assert [finding.certainty for finding in findings] == [Certainty.CERTAIN]


def test_help_is_filled_in_and_a_mender_makes_the_fix_in_the_world_of_the_finding() -> None:
    text = (
        GIVES_UP
        + """
    help: "raise it to {server.request_limit + 5}, {{so}}"
    fix:
      title: wait a little longer
      set: {route.read_timeout: "{server.request_limit + 5}"}
      safety: unsafe
      because: clients wait longer
    """
    )
    made = rule(text)

    def mender(mend: Any, frame: Any, subjects: tuple[Any, ...]) -> Fix:
        (change,) = mend.changes
        target = change.target.run(frame)[1][-1][1]
        return Fix(
            f"{mend.title.fill(frame)}: {target.x} becomes {change.text.fill(frame, unit=False)}", (), mend.safe, mend.because
        )

    findings, _ = ask_all([made], deployment_of(pair()), Ways(), mender)
    assert findings[0].help == ("raise it to 125 s, {so}",)
    assert findings[0].fix == Fix("wait a little longer: 60 s becomes 125", (), False, "clients wait longer")


def deployment_of(*pairs: Pair) -> Any:
    from small_world import deployment

    return deployment(*pairs)


def test_lists_and_nothing_are_shown_as_a_sentence_has_them() -> None:
    message = "{route.own_header_names}; {route.path}; {server.processes}; {route.only_websockets}"
    names = listed(*(Value(str(n)) for n in range(8)))
    findings, _ = ask(
        rule("when: route.read_timeout > 0", message=message), pair(Route(own_header_names=names, path=Value(None)))
    )
    assert findings[0].message == "0, 1, 2, 3, 4, 5 and 2 more; none; 1; no"


@pytest.fixture
def no_own_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serveaudit.rulebook.own_cards", list)


CARD = """\
    summary: s
    severity: warning
    for: route to server
    let:
      enough: server.request_limit + 5
    when:
      - route.read_timeout < server.request_limit
      - route.read_timeout > 5
    unless:
      it only carries websockets: route.only_websockets
    message: m {enough}
    labels:
      route.read_timeout: waits {it}
    fix:
      title: t
      set: {route.read_timeout: "{enough}"}
      safety: safe
    """


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            "for: route to server",
            "for: rout to server",
            3,
            "there is nothing called 'rout to server'; did you mean 'route to server'?",
        ),
        ("enough: server.request_limit + 5", "server: 5", 5, "'server' is taken or is no name"),
        (
            "route.read_timeout > 5",
            "route.read_timout > 5",
            8,
            "unknown name 'read_timout' in: route.read_timout > 5; did you mean 'read_timeout'?",
        ),
        (
            "route.only_websockets",
            "rute.only_websockets",
            10,
            "unknown name 'rute' in: rute.only_websockets; did you mean 'route'?",
        ),
        ("m {enough}", "m {enogh}", 11, "unknown name 'enogh' in: enogh; did you mean 'enough'?"),
        (
            "route.read_timeout: waits",
            "route.path.x: waits",
            13,
            "route.path is str and has no words, so not 'x', in: route.path.x",
        ),
        ("waits {it}", "waits {its}", 13, "unknown name 'its' in: its; did you mean 'it'?"),
        (
            'set: {route.read_timeout: "{enough}"}',
            "set: {route.read_timeot: '5'}",
            16,
            "unknown name 'read_timeot' in: route.read_timeot; did you mean 'read_timeout'?",
        ),
    ],
)
@pytest.mark.usefixtures("no_own_cards")
def test_a_mistake_in_a_users_card_is_told_with_its_line_when_the_card_is_loaded(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    path = card_file(tmp_path, CARD.replace(old, new))
    with pytest.raises(CardError) as caught:
        load_rules(VOCABULARY, [tmp_path])
    assert (caught.value.path, caught.value.line, caught.value.message) == (path, line, message)


@pytest.mark.usefixtures("no_own_cards")
def test_a_users_card_is_loaded_beside_the_own_ones_and_may_not_take_their_names(tmp_path: Path) -> None:
    card_file(tmp_path, CARD)
    loaded = load_rules(VOCABULARY, [tmp_path])[-1]
    assert (loaded.name, loaded.category) == ("a-rule", "timeouts")
    card_file(tmp_path, CARD, "tls/a-rule.yaml")
    with pytest.raises(CardError, match="there is a rule 'a-rule' already"):
        load_rules(VOCABULARY, [tmp_path])


def test_a_rule_that_needs_the_edge_is_for_subjects_that_know_it() -> None:
    with pytest.raises(CardError, match="has no word 'faces_clients'"):
        rule("{for: server, when: server.processes > 1, needs: edge}").question  # noqa: B018
