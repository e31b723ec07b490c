"""What holds in a block: inheritance, defaults by version, includes, fragments and templates."""

from nginx_texts import config, http, lines, location, shown, site
from serveaudit.programs.nginx import read
from serveaudit.source import SourceFile
from serveaudit.units import Bytes, Seconds
from serveaudit.values import How, Unknown


def test_the_innermost_level_that_has_a_directive_wins() -> None:
    text = (
        "proxy_read_timeout 10s;\nserver {\nproxy_read_timeout 20s;\nlocation / { }\nlocation /x { proxy_read_timeout 2m; }\n}"
    )
    outer, inner = http(text).sites[0].locations
    assert outer.time("proxy_read_timeout").x == Seconds(20)
    assert lines(outer.time("proxy_read_timeout")) == [5]
    assert inner.time("proxy_read_timeout").x == Seconds(120)


def test_a_default_says_so_at_the_head_of_its_block() -> None:
    found = location("proxy_pass http://a;").time("proxy_read_timeout")
    assert found.x == Seconds(60)
    assert [(place.span.text, place.how, place.note) for place in found.places] == [
        ("location /", How.DEFAULT, "nginx's default is proxy_read_timeout 60s")
    ]
    assert found.assumes == ()


def test_settings_come_in_their_own_types() -> None:
    found = location(
        "client_max_body_size 2m; proxy_buffering off; root /srv; ssl_protocols TLSv1.2 TLSv1.3; proxy_read_timeout x;"
    )
    assert found.size("client_max_body_size").x == Bytes(2 << 20)
    assert found.flag("proxy_buffering").x is False
    assert found.flag("proxy_request_buffering").x is True
    assert found.text("root").x == "/srv"
    assert found.words("ssl_protocols").x == ("TLSv1.2", "TLSv1.3")
    assert shown(found.time("proxy_read_timeout")) == "?x is no time"
    assert found.text("auth_basic_user_file").x is None
    assert found.size("proxy_buffer_size").x == Bytes(4096)


def test_a_default_can_depend_on_the_version() -> None:
    assert location("").text("proxy_http_version").x is not None
    assert location("", "1.22.1").text("proxy_http_version").x == "1.0"
    assert location("", "1.30").text("proxy_http_version").x == "1.1"
    assert shown(location("").text("proxy_http_version")) == {"nginx before 1.29.7": "1.0", "nginx 1.29.7 or newer": "1.1"}
    assert shown(location("", "1.29").text("proxy_http_version")) == shown(location("").text("proxy_http_version"))
    assert location("", "1.25").words("ssl_protocols").x == ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


def test_directives_that_belong_together_are_inherited_together() -> None:
    found = site("deny all;\nlocation / { allow 10.0.0.1; }")
    assert [line.name for line in found.locations[0].effective("allow", "deny")] == ["allow"]
    assert found.rest.restricted.x is True


def test_rewriting_and_passing_are_not_inherited() -> None:
    found = site("return 301 https://$host;\nlocation / { proxy_pass http://a; location /b { } }")
    outer = found.locations[0]
    assert outer.passes is not None
    assert outer.locations[0].passes is None
    assert not outer.effective("return")
    assert found.only_redirects


# includes


def test_an_included_file_stands_where_its_include_stands() -> None:
    found = location("include timeouts.conf;", timeouts_conf="# here\nproxy_read_timeout 5s;")
    value = found.time("proxy_read_timeout")
    assert value.x == Seconds(5)
    assert str(value.places[0].span) == "timeouts.conf:2"


def test_a_glob_includes_every_file_in_order() -> None:
    found = http("include sites/*;", **{"sites/b": "server { listen 2; }", "sites/a": "server { listen 1; }"})
    assert [[listen.port for listen in one.listens] for one in found.sites] == [[1], [2]]
    assert found.complete is True


def test_an_include_that_was_not_read_leaves_settings_unknown() -> None:
    found = site("proxy_read_timeout 5s;\nlocation / { include snippets/app.conf; }\nlocation /b { }")
    unread, known = found.locations
    assert shown(unread.time("proxy_read_timeout")) == "?snippets/app.conf was not read"
    assert known.time("proxy_read_timeout").x == Seconds(5)
    own = location("include x.conf; proxy_read_timeout 5s;")
    assert own.time("proxy_read_timeout").x == Seconds(5)


def test_a_drop_in_directory_is_assumed_not_to_interfere() -> None:
    unread = config("http { include conf.d/*.conf; server { location / { } } }")
    value = unread.sites[0].locations[0].time("proxy_read_timeout")
    assert value.x == Seconds(60)
    assert value.assumes == ("no file of conf.d/*.conf sets proxy_read_timeout",)
    assert isinstance(unread.complete, Unknown)


def test_files_that_come_with_nginx_are_known() -> None:
    found = location("include proxy_params;\nproxy_pass http://a;")
    assert found.request_headers["X-Forwarded-Proto"].x == "$scheme"
    place = found.request_headers["X-Forwarded-Proto"].places[0]
    assert (place.span.text, place.note) == ("include proxy_params", "from Debian's proxy_params")
    assert set(shown(found.request_headers["Host"]).values()) == {"$host", "$http_host"}


def test_includes_that_go_in_circles_are_told_and_end() -> None:
    found = http("include a.conf;", a_conf="include b.conf; server { }", b_conf="include a.conf;")
    assert [problem.message for problem in found.problems] == ['"a.conf" includes itself']
    assert len(found.sites) == 1


def test_a_location_that_includes_its_own_file_ends() -> None:
    assert config(
        "server { location / { include nginx.conf; } }", nginx_conf="server { location / { include nginx.conf; } }"
    ).problems


def test_an_include_that_doubles_at_each_level_ends() -> None:
    files = {f"f{n}_conf": f"include f{n + 1}.conf; include f{n + 1}.conf;" for n in range(30)}
    found = http("include f0.conf;", **files, f30_conf="gzip on; " * 50)
    assert found.http is not None
    assert "more than is read" in str(found.complete)


def test_what_became_of_each_include_is_told() -> None:
    found = http("include mime.types; include gone.conf; include a.conf;", a_conf="")
    assert {include.pattern: include.state for include in found.includes} == {
        "mime.types": "installed",
        "gone.conf": "unknown",
        "a.conf": "read",
    }


# fragments


def test_a_fragment_rests_on_what_encloses_it() -> None:
    found = config("proxy_send_timeout 9s;\nserver { location / { proxy_pass http://app; } }")
    one = found.sites[0].locations[0]
    assert found.kind == "fragment"
    assert one.time("proxy_read_timeout").assumes == ("the enclosing http {} does not set proxy_read_timeout",)
    assert one.time("proxy_send_timeout").assumes == ()
    assert one.target.assumes == ("no other file has an upstream app",)
    assert found.main is None


def test_fragments_that_stand_side_by_side_share_their_http_block() -> None:
    site = SourceFile("site.conf", "server { location / { proxy_pass http://app; } }")
    shared = SourceFile("shared.conf", "upstream app { server 10.0.0.1:8000; }\nproxy_read_timeout 7s;")
    found = read(site, beside=[shared]).sites[0].locations[0]
    assert found.upstream is not None
    assert str(found.time("proxy_read_timeout").places[0].span) == "shared.conf:2"


def test_a_setting_that_http_can_not_have_rests_on_nothing() -> None:
    assert config("server { location / { } }").sites[0].locations[0].text("alias").assumes == ()


# templates


def test_the_branches_of_a_template_are_a_choice() -> None:
    text = "proxy_read_timeout 9s;\nlocation / {\n{% if slow %}\nproxy_read_timeout 90s;\n{% endif %}\n}"
    found = config(f"server {{\n{text}\n}}").sites[0].locations[0].time("proxy_read_timeout")
    assert shown(found) == {"if slow": Seconds(90), "otherwise": Seconds(9)}
    both = text.replace("{% endif %}", "{% else %}\nproxy_read_timeout 5s;\n{% endif %}")
    found = config(f"server {{\n{both}\n}}").sites[0].locations[0].time("proxy_read_timeout")
    assert shown(found) == {"if slow": Seconds(90), "not (if slow)": Seconds(5)}


def test_placeholders_are_unknown() -> None:
    found = location("proxy_read_timeout ${TIMEOUT}; proxy_send_timeout {{ t }}; proxy_connect_timeout MY_TIMEOUT;")
    assert shown(found.time("proxy_read_timeout")) == "?$TIMEOUT is put in when the container starts"
    assert found.time("proxy_read_timeout").depends == ("env:TIMEOUT",)
    assert shown(found.time("proxy_send_timeout")) == "?{{ t }} is filled in when the template is rendered"
    assert shown(found.time("proxy_connect_timeout")) == "?MY_TIMEOUT is a placeholder"


def test_text_that_a_template_puts_in_may_set_anything() -> None:
    found = location("{{ extra }}\n").time("proxy_read_timeout")
    assert shown(found) == "?{{ extra }} is filled in when the template is rendered"
