"""What of a request reaches the application, where both sides meet: its path, its body, its host, its cookies."""

import http.cookiejar
import re
import urllib.request

import pytest
from applications import django
from laboratory import Laboratory

pytestmark = pytest.mark.proof

GUNICORN = "gunicorn wsgi_app:app --bind 127.0.0.1:{port} "
DJANGO = "gunicorn django_app:application --bind 127.0.0.1:{port} "
FASTAPI = """
from fastapi import FastAPI
app = FastAPI()
@app.get("/items")
def items():
    return []
"""


def under(lab: Laboratory, location: str, proxy_pass: str, more: str = "") -> int:
    """The port of a site with this location, and nothing else."""
    return lab.block(f"{more} location {location} {{ proxy_pass {proxy_pass}; }}")


def test_variable_drops_path(lab: Laboratory) -> None:
    backend = f"set $backend 127.0.0.1:{lab.serve(GUNICORN).port};"
    before = under(lab, "/api/", "http://$backend/api/", backend)
    after = under(lab, "/api/", "http://$backend", backend)
    assert lab.get(before, "/api/items?page=2").line("PATH_INFO") == "/api/"
    assert lab.get(before, "/api/items?page=2").line("QUERY_STRING") == ""
    assert lab.get(after, "/api/items?page=2").line("PATH_INFO") == "/api/items"
    assert lab.get(after, "/api/items?page=2").line("QUERY_STRING") == "page=2"


def test_unix_colon_missing(lab: Laboratory) -> None:
    socket = lab.serve("gunicorn wsgi_app:app --bind unix:{socket}").socket
    before, after = under(lab, "/", f"http://unix:{socket}/api/"), under(lab, "/", f"http://unix:{socket}:/api/")
    assert lab.get(before, "/items").status == 502
    assert f"unix:{socket}/api/ failed (20: Not a directory)" in (lab.folder / "error.log").read_text()
    assert lab.get(after, "/items").line("PATH_INFO") == "/api/items"


def test_prefix_slash_mismatch(lab: Laboratory) -> None:
    app = f"http://127.0.0.1:{lab.serve(GUNICORN).port}"

    def path(location: str, proxy_pass: str) -> str:
        return lab.get(under(lab, location, proxy_pass), "/api/items").line("PATH_INFO")

    assert path("/api", f"{app}/") == "//items"
    assert path("/api/", f"{app}/v1") == "/v1items"
    assert path("/api/", f"{app}/") == "/items"
    assert path("/api/", f"{app}/v1/") == "/v1/items"


def test_prefix_handled_twice(lab: Laboratory) -> None:
    lab.write("fastapi_app.py", FASTAPI)
    uvicorn = f"http://127.0.0.1:{lab.serve('uvicorn fastapi_app:app --root-path /api --port {port}').port}"
    gunicorn = f"http://127.0.0.1:{lab.serve(DJANGO).port}"
    script_name = "proxy_set_header SCRIPT_NAME /api;"
    before = under(lab, "/api/", uvicorn), under(lab, "/api/", f"{gunicorn}/", script_name)
    after = under(lab, "/api/", f"{uvicorn}/"), under(lab, "/api/", gunicorn, script_name)
    assert lab.get(before[0], "/api/items").status == 404
    assert lab.get(before[1], "/api/page/").status >= 400
    assert lab.get(after[0], "/api/items").status == 200
    assert lab.get(after[1], "/api/page/").line("path") == "/api/page/"


def test_docs_lost_behind_prefix(lab: Laboratory) -> None:
    lab.write("fastapi_app.py", FASTAPI)

    def schema(command: str) -> tuple[str, int]:
        site = under(lab, "/api/", f"http://127.0.0.1:{lab.serve(command).port}/")
        (url,) = re.findall(r"url: '(.*?)'", lab.get(site, "/api/docs").text)
        return url, lab.get(site, url).status

    assert schema("uvicorn fastapi_app:app --port {port}") == ("/openapi.json", 404)
    assert schema("uvicorn fastapi_app:app --port {port} --root-path /api") == ("/api/openapi.json", 200)


def test_try_files_shadows_proxy(lab: Laboratory) -> None:
    app = lab.serve(GUNICORN).port
    before = lab.site("try_files $uri $uri/ =404;", app, f"root {lab.public_folder()};")
    root = f"root {lab.public_folder()}; location @app {{ proxy_pass http://127.0.0.1:{app}; }}"
    port = lab.block(f"{root} location / {{ try_files $uri @app; }}")
    assert lab.get(before, "/page").status == 404
    assert lab.get(port, "/page").status == 200


def test_regex_location_wins(lab: Laboratory) -> None:
    app = f"http://127.0.0.1:{lab.serve(GUNICORN).port}"
    images = r"location ~* \.(css|js|png)$ " + f"{{ root {lab.public_folder()}; }}"
    before, after = under(lab, "/avatars/", app, images), under(lab, "^~ /avatars/", app, images)
    assert lab.get(before, "/avatars/ann").status == 200
    assert lab.get(before, "/avatars/ann.png").status == 404
    assert lab.get(after, "/avatars/ann.png").status == 200


def test_server_shadowed(lab: Laboratory) -> None:
    app, before, after = lab.serve(GUNICORN).port, lab.port(), lab.port()
    site = f"location / {{ proxy_pass http://127.0.0.1:{app}; }}"
    static = "return 200 static;"
    nginx = lab.nginx(
        f"server {{ listen 127.0.0.1:{before}; server_name example.com; {static} }}"
        f"server {{ listen 127.0.0.1:{before}; server_name example.com; {site} }}"
        f"server {{ listen 127.0.0.1:{after}; server_name static.example.com; {static} }}"
        f"server {{ listen 127.0.0.1:{after}; server_name example.com; {site} }}",
        after,
    )
    assert nginx.says('conflicting server name "example.com"')
    assert lab.get(before, headers={"Host": "example.com"}).text == "static"
    assert lab.get(after, headers={"Host": "example.com"}).line("PATH_INFO") == "/"


def test_request_body_lost(lab: Laboratory) -> None:
    """An upload without a length: as it comes, Django finds no CONTENT_LENGTH and takes the body for empty."""

    def body(location: str, command: str) -> str:
        site = lab.site(location, lab.serve(command).port)
        return lab.get(site, method="POST", chunks=[b"hello", b" world"]).line("body")

    unbuffered = "proxy_request_buffering off; proxy_http_version 1.1;"
    assert body(unbuffered, DJANGO) == ""
    assert body(unbuffered, "granian django_app:application --interface wsgi --port {port}") == ""
    assert body("proxy_http_version 1.1;", DJANGO) == "hello world"
    assert body(unbuffered, "waitress-serve --listen 127.0.0.1:{port} django_app:application") == "hello world"
    assert body(unbuffered, "uvicorn django_app:asgi --port {port}") == "hello world"


def test_canonical_url_fight(lab: Laboratory) -> None:
    def visit(site: int, path: str) -> list[int]:
        """The statuses that a browser goes through, up to six."""
        statuses = []
        while len(statuses) < 6 and statuses[-1:] != [200]:
            answer = lab.get(site, path, {"Host": "example.com"})
            path = re.sub(r"^https?://[^/]+", "", answer.headers.get("location", path))
            statuses.append(answer.status)
        return statuses

    app = lab.serve(DJANGO).port
    before, after = lab.site("rewrite ^/(.+)/$ /$1 permanent;", app), lab.site("", app)
    assert visit(before, "/page") == 6 * [301]
    assert visit(after, "/page") == [301, 200]


def test_cookie_domain_mismatch(lab: Laboratory) -> None:
    """What a browser that visits app.example.com keeps of a login."""

    def user(domain: str) -> str:
        site = lab.site("proxy_set_header Host $host;", django(lab, SESSION_COOKIE_DOMAIN=domain))
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        browser = urllib.request.build_opener(urllib.request.ProxyHandler({"http": f"http://127.0.0.1:{site}"}), cookies)
        browser.open("http://app.example.com/?user=ann").close()
        with browser.open("http://app.example.com/") as answer:
            return str(re.findall(r"^user=(.*)$", answer.read().decode(), re.MULTILINE)[0])

    assert user(".example.org") == ""
    assert user(".example.com") == "ann"
