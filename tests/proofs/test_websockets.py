import pytest
from laboratory import Laboratory

pytestmark = pytest.mark.proof

UPGRADE = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'


def test_upgrade_headers_missing(lab: Laboratory) -> None:
    app = lab.port()
    lab.start("uvicorn", "asgi_app:app", "--port", app, port=app)
    before = lab.site("", app)
    after = lab.site(UPGRADE, app)
    assert lab.handshake(app) == 101
    assert lab.handshake(before) != 101
    assert lab.handshake(after) == 101
