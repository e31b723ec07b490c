"""The real nginx is asked the same questions: which location answers, which headers arrive, which errors it finds."""

from __future__ import annotations

import http.client
import itertools
import random
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from serveaudit.programs.nginx import Config, Site, read
from serveaudit.source import SourceFile
from serveaudit.values import Unknown, Value

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
pytestmark = [pytest.mark.oracle, pytest.mark.skipif(not Path(NGINX).exists(), reason="nginx is not installed")]


class Connection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


Run = Callable[[str], Path]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Starts nginx with the given http block; gives the directory with its socket `s`."""
    started: list[subprocess.Popen[bytes]] = []

    def start(http: str) -> Path:
        path = tmp_path / "nginx.conf"
        path.write_text(whole(tmp_path, http))
        started.append(subprocess.Popen([NGINX, "-p", str(tmp_path), "-c", str(path)], stderr=subprocess.DEVNULL))
        for _ in range(200):
            if (tmp_path / "s").exists():
                return tmp_path
            time.sleep(0.02)
        raise AssertionError("nginx did not start")

    yield start
    for process in started:
        process.terminate()
        process.wait(5)


def whole(directory: Path, http: str) -> str:
    temporary = "".join(
        f"{name}_temp_path {directory}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"daemon off; master_process off; pid {directory}/pid; error_log /dev/null; events {{}}\n"
    return f"{main}http {{\naccess_log off;\n{temporary}{http}\n}}\n"


def get(directory: Path, path: str, headers: dict[str, str] | None = None) -> tuple[int, str, str]:
    connection = Connection(directory / "s")
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.headers.get("Location", "")


def config(http: str, version: str = "1.22.1") -> Config:
    return read(SourceFile("nginx.conf", f"events {{}}\nhttp {{\n{http}\n}}\n"), version=Value(version))


PREFIXES = ["/", "/a", "/a/", "/a/b", "/a/b/", "/ab", "/b/c.js", "/b"]
PATTERNS = [r"\.js$", "^/a", "^/A/b", "b", "/(a|b)/[a-z]+$", "^/(?<x>a)/$"]
PATHS = ["/", "/a", "/a/", "/a/b", "/a/b/", "/a/bc", "/ab", "/a/b/c.js", "/b/c.js", "/b", "/c", "/a/b/d/e", "/A/b", "/x.JS"]


def locations(chance: random.Random, numbers: Iterator[int], inside: str = "", depth: int = 0) -> str:
    """Some locations, each answering with its number; prefixes are kept inside of the location around them."""
    lines: list[str] = []
    prefixes = [prefix for prefix in PREFIXES if prefix.startswith(inside)]
    for modifier, prefix in {
        (chance.choice(["", "=", "^~", ""]), chance.choice(prefixes)) for _ in range(chance.randrange(1, 5))
    }:
        if any(line.startswith((f"location  {prefix} ", f"location ^~ {prefix} ")) for line in lines) and modifier != "=":
            continue
        inner = locations(chance, numbers, prefix, depth + 1) if depth < 2 and modifier != "=" and chance.random() < 0.4 else ""
        lines.append(f"location {modifier} {prefix} {{ return 200 n{next(numbers)}; {inner} }}")
    for _ in range(chance.randrange(3)):
        lines.append(f"location {chance.choice(['~', '~*'])} {chance.choice(PATTERNS)} {{ return 200 n{next(numbers)}; }}")
    chance.shuffle(lines)
    return "\n".join(lines)


def chosen(site: Site, path: str) -> str:
    found = site.choose(path)
    assert not isinstance(found, Unknown)
    returned = found[0].returns
    return str(returned.to.x) if returned else "rest"


def test_the_location_that_is_chosen(run: Run, tmp_path: Path) -> None:
    chance = random.Random(3)
    bodies = [locations(chance, itertools.count()) for _ in range(60)]
    servers = "".join(f"server {{ listen unix:{tmp_path}/s; server_name h{n}; {body} }}\n" for n, body in enumerate(bodies))
    directory = run(servers)
    sites = config(servers).sites
    assert len(sites) == len(bodies)
    for number, site in enumerate(sites):
        for path in PATHS:
            status, body, _ = get(directory, path, {"Host": f"h{number}"})
            assert chosen(site, path) == (body if status == 200 else "rest"), (bodies[number], path)


def test_a_path_that_only_lacks_its_slash_is_redirected(run: Run, tmp_path: Path) -> None:
    inner = "location /a/ { proxy_pass http://127.0.0.1:9; } location / { return 200 x; }"
    server = f"server {{ listen unix:{tmp_path}/s; {inner} }}"
    directory = run(server)
    site = config(server).sites[0]
    found = site.choose("/a")
    assert not isinstance(found, Unknown)
    assert found[1] == "slash"
    status, _, location = get(directory, "/a")
    assert (status, location.endswith("/a/")) == (301, True)


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that arrived."""

    def do_GET(self) -> None:
        body = "\n".join(f"{name}: {value}" for name, value in self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        return super().get_request()[0], ("local", 0)


HEADERS = [
    "",
    "proxy_set_header Host $host;",
    "proxy_set_header X-A one; proxy_set_header x-a two;",
    "proxy_set_header Connection $up; proxy_set_header Upgrade $http_upgrade; proxy_http_version 1.1;",
    'proxy_set_header X-A "";',
    'set $h fixed; proxy_set_header X-A "a$h"; proxy_set_header Connection "upgrade";',
    "proxy_pass_request_headers off;",
]
SENT = {"Host": "example.com", "X-A": "client", "X-B": "other", "X_C": "under", "Upgrade": "websocket", "Connection": "Upgrade"}


def test_the_headers_that_arrive(run: Run, tmp_path: Path) -> None:
    upstream = tmp_path / "echo"
    server = UnixServer(str(upstream), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    inner = "".join(f"location /{n}/ {{ proxy_pass http://unix:{upstream}:; {text} }}\n" for n, text in enumerate(HEADERS))
    http = (
        "map $http_upgrade $up { default upgrade; '' close; }\n"
        f"server {{ listen unix:{tmp_path}/s; server_name example.com; proxy_set_header X-B outer; {inner} }}"
    )
    directory = run(http)
    site = config(http).sites[0]
    given = {"http_upgrade": "websocket", "http_connection": "Upgrade", "host": "example.com", "proxy_host": "localhost"}
    given |= {"http_x_a": "client", "http_x_b": "other"}
    for number, location in enumerate(site.locations):
        lines = [line.split(": ", 1) for line in get(directory, f"/{number}/", SENT)[1].splitlines()]
        for name in SENT:
            arrived = [value for key, value in lines if key.lower() == name.lower()]
            said = location.request_headers[name].x
            expected = None if said is None else location.evaluator(given).text(said).x
            assert expected == (arrived[-1] if arrived else None), (HEADERS[number], name)
            own = location.request_headers.all(name)
            assert len(arrived) == max(len(own), 0 if expected is None else 1)
    server.shutdown()
    server.server_close()


ADDED = """
add_header A http; add_header B http always;
server { listen unix:$S;
  location /own/ { add_header C own; return 200 x; }
  location /all/ { return 200 x; }
  location /bad/ { return 404 x; }
  location /not/ { add_header D "" always; return 404 x; location /not/in/ { return 200 y; } }
}
"""


def test_the_headers_that_are_added_to_answers(run: Run, tmp_path: Path) -> None:
    http = ADDED.replace("$S", f"{tmp_path}/s")
    directory = run(http)
    for location in config(http).sites[0].walk():
        connection = Connection(directory / "s")
        connection.request("GET", str(location.uri))
        answer = connection.getresponse()
        good = answer.status < 400
        answer.read()
        expected = [added.value.x for added in location.response_headers if added.value.x and (good or added.always)]
        assert [answer.headers[name] for name in "ABCD" if name in answer.headers] == expected, location.label


BROKEN = [
    "server { listen 80 }",
    "server { listen 80; ",
    "server { listen 80; } }",
    'server { add_header A "b; }',
    'server { add_header A "b"c; }',
    "server { listen 80;; }",
    "server { location / { proxy_pass http://u\n proxy_buffering off; } }",
]
SOUND = [
    "server { listen 80; server_name a\n b; }",
    "log_format x 'a' \"b;{}\" '#';",
    'server { location ~ "^/a{2}$" { } # } \n }',
    "map $host $x { default 'a b'; ~^(?<y>.+)$ $y; }",
]


@pytest.mark.parametrize(("text", "sound"), [*((text, False) for text in BROKEN), *((text, True) for text in SOUND)])
def test_syntax_errors(text: str, sound: bool, tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text(whole(tmp_path, text))
    tested = subprocess.run([NGINX, "-t", "-p", str(tmp_path), "-c", str(path)], capture_output=True, text=True, check=False)
    assert (tested.returncode == 0) is sound, tested.stderr
    assert (not read(SourceFile("nginx.conf", path.read_text())).problems) is sound
