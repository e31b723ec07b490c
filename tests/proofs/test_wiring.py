import pytest
from laboratory import Laboratory

pytestmark = pytest.mark.proof

PARAMS = (
    "uwsgi_param REQUEST_METHOD $request_method; uwsgi_param QUERY_STRING $query_string; uwsgi_param PATH_INFO $document_uri; "
)
PARAMS += "uwsgi_param SERVER_PROTOCOL $server_protocol; uwsgi_param HTTP_HOST $host;"


def test_protocol_mismatch(lab: Laboratory) -> None:
    app = lab.port()
    lab.start("uwsgi", "--socket", f"127.0.0.1:{app}", "--module", "wsgi_app:app", "--master", "--need-app", port=app)
    before = lab.site(f"proxy_pass http://127.0.0.1:{app};", app)
    after = lab.site(f"uwsgi_pass 127.0.0.1:{app}; {PARAMS}", app)
    assert lab.get(before).status == 502
    assert lab.get(after).status == 200
