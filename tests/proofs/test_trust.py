import pytest
from laboratory import Laboratory

pytestmark = pytest.mark.proof


def test_proxy_headers_dropped(lab: Laboratory) -> None:
    app = lab.port()
    lab.start("gunicorn", "wsgi_app:app", "--bind", f"127.0.0.1:{app}", port=app)
    outer = "proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https;"
    before = lab.site("proxy_set_header X-Real-IP $remote_addr;", app, server=outer)
    after = lab.site(f"proxy_set_header X-Real-IP $remote_addr; {outer}", app, server=outer)
    assert lab.get(before, headers={"Host": "example.com"}).line("HTTP_HOST") == f"127.0.0.1:{app}"
    assert lab.get(before).line("HTTP_X_FORWARDED_PROTO") == ""
    assert lab.get(after, headers={"Host": "example.com"}).line("HTTP_HOST") == "example.com"
    assert lab.get(after).line("HTTP_X_FORWARDED_PROTO") == "https"
