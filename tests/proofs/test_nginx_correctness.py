import pytest
from laboratory import Laboratory

pytestmark = pytest.mark.proof

CORS = """
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://shop.test"])

@app.get("/", response_class=PlainTextResponse)
def page():
    return "x" * 4000
"""


def lines(lab: Laboratory, port: int, name: str, headers: dict[str, str] | None = None) -> list[str]:
    """Every value of a header in the answer, one for each line that it is sent in."""
    head = lab.open(port, "/", {"Connection": "close", **(headers or {})}).decode("latin-1").partition("\r\n\r\n")[0]
    pairs = (line.partition(":") for line in head.split("\r\n"))
    return [value.strip() for found, _, value in pairs if found.lower() == name]


def test_header_sent_the_wrong_way(lab: Laboratory) -> None:
    app = lab.serve("gunicorn wsgi_app:app --bind 127.0.0.1:{port}").port
    before = lab.block(f"location / {{ proxy_pass http://127.0.0.1:{app}; add_header X-Forwarded-Proto https; }}")
    after = lab.block(f"location / {{ proxy_pass http://127.0.0.1:{app}; proxy_set_header X-Forwarded-Proto https; }}")
    assert lab.get(before).line("HTTP_X_FORWARDED_PROTO") == ""
    assert lab.get(before).headers["x-forwarded-proto"] == "https"
    assert lab.get(after).line("HTTP_X_FORWARDED_PROTO") == "https"


def test_response_header_twice(lab: Laboratory) -> None:
    lab.write("cors_app.py", CORS)
    app = lab.serve("uvicorn cors_app:app --port {port}").port
    passes = f"proxy_pass http://127.0.0.1:{app};"
    name, origin = "access-control-allow-origin", {"Origin": "https://shop.test"}
    before = lab.block(f"location / {{ {passes} add_header Access-Control-Allow-Origin *; }}")
    after = lab.block(f"location / {{ {passes} }}")
    hidden = "proxy_hide_header Access-Control-Allow-Origin; add_header Access-Control-Allow-Origin *;"
    excused = lab.block(f"location / {{ {passes} {hidden} }}")
    assert lines(lab, before, name, origin) == ["https://shop.test", "*"]
    assert lines(lab, after, name, origin) == ["https://shop.test"]
    assert lines(lab, excused, name, origin) == ["*"]


def test_inner_port_in_redirect(lab: Laboratory) -> None:
    files = lab.public_folder()
    (files / "docs").mkdir()
    app = lab.serve("gunicorn wsgi_app:app --bind 127.0.0.1:{port}").port
    server = f"root {files}; location /app/ {{ proxy_pass http://127.0.0.1:{app}; }}"
    before, after = lab.block(server), lab.block(f"absolute_redirect off; {server}")
    for path in ("/app", "/docs"):
        answer = lab.get(before, path, {"Host": "example.test", "X-Forwarded-Proto": "https"})
        assert (answer.status, answer.headers["location"]) == (301, f"http://example.test:{before}{path}/")
        assert lab.get(after, path, {"Host": "example.test"}).headers["location"] == f"{path}/"


def test_compression_lost_behind_proxy(lab: Laboratory) -> None:
    lab.write("cors_app.py", CORS)
    app = lab.serve("uvicorn cors_app:app --port {port}").port
    server = f"gzip on; gzip_types text/plain; location / {{ proxy_pass http://127.0.0.1:{app}; }}"
    before, after = lab.block(server), lab.block(f"gzip_proxied any; {server}")
    direct = {"Accept-Encoding": "gzip"}
    assert lab.get(before, headers=direct).headers.get("content-encoding") == "gzip"
    assert "content-encoding" not in lab.get(before, headers={**direct, "Via": "1.1 edge"}).headers
    assert lab.get(after, headers={**direct, "Via": "1.1 edge"}).headers.get("content-encoding") == "gzip"


def test_if_in_location(lab: Laboratory) -> None:
    both = "if ($arg_a) { add_header X-A 1; } if ($arg_b) { add_header X-B 1; }"
    tables = "map $arg_a $a { default ''; 1 1; } map $arg_b $b { default ''; 1 1; }"
    before = lab.block(f"location / {{ add_header X-Frame-Options DENY; {both} empty_gif; }}")
    variables = "add_header X-Frame-Options DENY; add_header X-A $a; add_header X-B $b;"
    after = lab.block(f"location / {{ {variables} empty_gif; }}", tables)
    answer = lab.get(before, "/?a=1&b=1").headers
    assert ("x-a" in answer, "x-b" in answer, "x-frame-options" in answer) == (False, True, False)
    answer = lab.get(after, "/?a=1&b=1").headers
    assert (answer.get("x-a"), answer.get("x-b"), answer.get("x-frame-options")) == ("1", "1", "DENY")


def test_content_type_by_add_header(lab: Laboratory) -> None:
    before = lab.block('location / { add_header Content-Type application/json; return 200 "{}"; }')
    after = lab.block('location / { default_type application/json; return 200 "{}"; }')
    assert lines(lab, before, "content-type") == ["text/plain", "application/json"]
    assert lines(lab, after, "content-type") == ["application/json"]


def test_multiline_header(lab: Laboratory) -> None:
    app = lab.serve("gunicorn wsgi_app:app --bind 127.0.0.1:{port}").port
    passes = f"proxy_pass http://127.0.0.1:{app};"
    before = lab.block(f'location / {{ {passes} proxy_set_header X-Real-IP "a\n  b"; }}')
    after = lab.block(f'location / {{ {passes} proxy_set_header X-Real-IP "a b"; }}')
    assert lab.get(before).status == 400
    assert lab.get(after).line("HTTP_X_REAL_IP") == "a b"
