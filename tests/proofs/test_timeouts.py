import pytest
from laboratory import Laboratory

pytestmark = pytest.mark.proof


def test_proxy_gives_up_first(lab: Laboratory) -> None:
    app = lab.port()
    lab.start("gunicorn", "wsgi_app:app", "--bind", f"127.0.0.1:{app}", "--workers", 2, "--timeout", 4, port=app)
    before = lab.site("proxy_read_timeout 1s;", app)
    after = lab.site("proxy_read_timeout 9s;", app)
    assert lab.get(before, "/slow?2").status == 504
    assert lab.get(after, "/slow?2").status == 200
    assert lab.get(after, "/slow?7").status == 500, "the worker's own limit ends the request"
