import pytest
from laboratory import Laboratory, Running

pytestmark = pytest.mark.proof

NEWLINE = "/x/%0d%0aX-Injected:%20yes"


def wsgi(lab: Laboratory) -> Running:
    return lab.serve("gunicorn wsgi_app:app --bind 127.0.0.1:{port}")


def django(lab: Laboratory) -> Running:
    return lab.serve("gunicorn django_app:application --bind 127.0.0.1:{port}")


def test_security_headers_dropped(lab: Laboratory) -> None:
    outer = "add_header X-Frame-Options DENY always;"
    own = "add_header Cache-Control public;"
    before = lab.block(f"{outer} location / {{ {own} return 204; }}")
    after = lab.block(f"{outer} location / {{ {own} {outer} return 204; }}")
    assert "x-frame-options" not in lab.get(before).headers
    assert lab.get(after).headers["x-frame-options"] == "DENY"


def test_headers_missing_on_errors(lab: Laboratory) -> None:
    header = 'add_header Strict-Transport-Security "max-age=1"'
    before = lab.block(f"{header}; location / {{ return 403; }} location /ok {{ return 204; }}")
    after = lab.block(f"{header} always; location / {{ return 403; }}")
    assert lab.get(before, "/ok").headers["strict-transport-security"] == "max-age=1"
    assert "strict-transport-security" not in lab.get(before).headers
    assert lab.get(after).headers["strict-transport-security"] == "max-age=1"


def test_alias_traversal(lab: Laboratory) -> None:
    files = lab.public_folder()
    (files / "static").mkdir()
    (files / "static/site.css").write_text("body {}")
    (files / "settings.py").write_text("SECRET_KEY = 's3cret'")
    before = lab.block(f"location /static {{ alias {files}/static/; }}")
    by_pattern = lab.block(f"location ~ ^/static(.*)$ {{ alias {files}/static/$1; }}")
    after = lab.block(f"location /static/ {{ alias {files}/static/; }}")
    neither = lab.block(f"location /static {{ alias {files}/static; }}")
    for port in (before, by_pattern):
        assert lab.get(port, "/static../settings.py").text == "SECRET_KEY = 's3cret'"
    for port in (after, neither):
        assert lab.get(port, "/static../settings.py").status == 404
        assert lab.get(port, "/static/site.css").text == "body {}"


def test_header_injection(lab: Laboratory) -> None:
    app = wsgi(lab).port
    upstream = f"proxy_pass http://127.0.0.1:{app};"
    before = [
        "location / { return 301 http://example.com$uri; }",
        "location / { add_header X-Path $uri; return 204; }",
        "location ~ ^/x/([^z]*)$ { return 302 /y/$1; }",
        "location / { rewrite ^/x/(?<rest>[^z]*)$ http://example.com/$rest redirect; }",
    ]
    after = [
        "location / { return 301 http://example.com$request_uri; }",
        "location ~ ^/x/(.*)$ { return 302 /y/$1; }",
        "location / { rewrite ^/x/([^z]*)$ http://example.com/$1 redirect; }",
    ]
    for server in before:
        assert lab.get(lab.block(server), NEWLINE).headers.get("x-injected") == "yes", server
    for server in after:
        assert "x-injected" not in lab.get(lab.block(server), NEWLINE).headers, server
    sent = lab.block(f"location / {{ proxy_set_header X-Path $uri; {upstream} }}")
    encoded = lab.block(f"location / {{ proxy_set_header X-Path $request_uri; {upstream} }}")
    forged = "/x/%0d%0aX-Forwarded-Proto:%20forged"
    assert lab.get(sent, forged).line("HTTP_X_FORWARDED_PROTO") == "forged"
    assert lab.get(encoded, forged).line("HTTP_X_FORWARDED_PROTO") == ""


def test_decoded_path_forwarded(lab: Laboratory) -> None:
    app = wsgi(lab).port
    decoded = lab.block(f"location ~ ^/api/(.*)$ {{ proxy_pass http://127.0.0.1:{app}/$1; }}")
    twice = lab.block(f"location /api/ {{ rewrite ^ $request_uri break; proxy_pass http://127.0.0.1:{app}; }}")
    after = lab.block(f"location /api/ {{ proxy_pass http://127.0.0.1:{app}/; }}")
    assert lab.get(decoded, "/api/a%20b").status == 400
    assert lab.get(decoded, "/api/a%3Fb").line("QUERY_STRING") == "b"
    assert lab.get(twice, "/api/a%20b").line("PATH_INFO") == "/api/a%20b"
    assert lab.get(after, "/api/a%20b").line("PATH_INFO") == "/a b"
    assert lab.get(after, "/api/a%3Fb").line("PATH_INFO") == "/a?b"


def test_return_skips_access_rules(lab: Laboratory) -> None:
    before = lab.block('location / { deny all; return 200 "secret"; }')
    in_a_condition = lab.block('location / { deny all; if ($arg_a) { return 200 "secret"; } }')
    after = lab.block('location / { deny all; try_files /none @shown; } location @shown { return 200 "secret"; }')
    assert lab.get(before).text == "secret"
    assert lab.get(in_a_condition, "/?a=1").text == "secret"
    assert lab.get(after).status == 403


def test_slow_regex(lab: Laboratory) -> None:
    path = "/blog/" + "a" * 40 + "/edits"
    before = lab.block("location ~ ^/blog/([a-z0-9]+-?)+/edit$ { return 204; }")
    after = lab.block("location ~ ^/blog/[a-z0-9-]+/edit$ { return 204; }")
    slow, quick = lab.get(before, path), lab.get(after, path)
    assert (slow.status, quick.status) == (500, 404)
    assert slow.seconds > 10 * quick.seconds


def test_acl_misses_subpaths(lab: Laboratory) -> None:
    app = django(lab).port
    rest = f"location / {{ proxy_pass http://127.0.0.1:{app}; }}"
    before = lab.block(f"location = /page {{ deny all; }} {rest}")
    by_pattern = lab.block(f"location ~ ^/page$ {{ deny all; }} {rest}")
    after = lab.block(f"location /page {{ deny all; }} {rest}")
    for port in (before, by_pattern):
        assert (lab.get(port, "/page").status, lab.get(port, "/page/").status) == (403, 200)
    assert (lab.get(after, "/page").status, lab.get(after, "/page/").status) == (403, 403)


def test_sessions_cached(lab: Laboratory) -> None:
    app = django(lab).port
    kept = f"proxy_cache_path {lab.folder}/%s keys_zone=%s:1m;"
    location = f"location / {{ proxy_pass http://127.0.0.1:{app}; proxy_cache %s; proxy_cache_valid 200 1m; %s }}"
    before = lab.block(location % ("a", "proxy_ignore_headers Set-Cookie Vary;"), kept % ("a", "a"))
    after = lab.block(location % ("b", ""), kept % ("b", "b"))
    bypassed = "proxy_ignore_headers Vary; proxy_no_cache $cookie_sessionid $http_cookie; proxy_cache_bypass $cookie_sessionid;"
    excused = lab.block(location % ("c", bypassed), kept % ("c", "c"))
    for port, seen in ((before, "ann"), (after, ""), (excused, "")):
        ann = lab.get(port, "/?user=ann").headers["set-cookie"].partition(";")[0]
        assert lab.get(port, "/page/", {"Cookie": ann}).line("user") == "ann"
        assert lab.get(port, "/page/").line("user") == seen
    assert "set-cookie" in lab.get(before, "/?user=ann").headers


def test_cache_shared_between_hosts(lab: Laboratory) -> None:
    app = wsgi(lab).port
    passes = f"proxy_pass http://127.0.0.1:{app}; proxy_set_header Host $host; proxy_cache_valid 200 1m;"
    for name, key, shown in (
        ("a", "", "shop.test"),
        ("b", "proxy_cache_key $request_uri;", "shop.test"),
        ("c", "proxy_cache_key $host$request_uri;", "blog.test"),
    ):
        kept = f"proxy_cache_path {lab.folder}/{name} keys_zone={name}:1m;"
        port = lab.block(f"server_name shop.test blog.test; location / {{ {passes} {key} proxy_cache {name}; }}", kept)
        assert lab.get(port, headers={"Host": "shop.test"}).line("HTTP_HOST") == "shop.test"
        assert lab.get(port, headers={"Host": "blog.test"}).line("HTTP_HOST") == shown
