import pytest
from laboratory import Laboratory

pytestmark = pytest.mark.proof


def test_unknown_flag(lab: Laboratory) -> None:
    app = lab.port()
    refused = lab.start("uvicorn", "asgi_app:app", "--port", app, "--daemon")
    assert refused.wait() == 2
    assert "No such option" in refused.output
    lab.start("uvicorn", "asgi_app:app", "--port", app, port=app)
    assert lab.get(app).status == 200
