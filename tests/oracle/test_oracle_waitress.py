"""waitress's settings are those of its own Adjustments."""

from __future__ import annotations

import drawing
import launchers
import pytest
from agreement import Case, Program, agreement, scripted, settled, unlike
from hypothesis import strategies as st

from serveaudit.programs import waitress

pytestmark = pytest.mark.oracle
APART = unlike("listen call help")
WAITRESS = Program(waitress.start, apart=APART)
SCRIPT = Program(scripted, apart=APART)
SETTINGS = launchers.Settings(
    numbers={
        "port": 8081,
        "threads": 8,
        "backlog": 512,
        "connection_limit": 500,
        "channel_timeout": 60,
        "trusted_proxy_count": 2,
    },
    texts={
        "host": ("127.0.0.1", "0.0.0.0"),
        "url_scheme": ("https", "http"),
        "url_prefix": ("/app", ""),
        "ident": ("", "web"),
        "trusted_proxy": ("10.0.0.1", "*"),
        "trusted_proxy_headers": ("x-forwarded-for x-forwarded-proto", "forwarded"),
    },
    switches=("expose_tracebacks", "clear_untrusted_proxy_headers", "ipv6", "asyncore_use_poll"),
)
LINES = [
    "waitress-serve --port=8041 --url-scheme=https myapp:wsgifunc",
    "waitress-serve --listen=*:8080 app:app",
    "waitress-serve --listen=127.0.0.1:8080 --listen=[::1]:8081 app:app",
    "waitress-serve --listen=localhost:8080 --threads=8 --channel-timeout=300 app:app",
    "waitress-serve --host=127.0.0.1 app:app",
    "waitress-serve --host=* --port=80 app:app",
    "waitress-serve --unix-socket=/run/app.sock --unix-socket-perms=666 app:app",
    "waitress-serve --unix-socket=/run/app.sock --port=80 app:app",
    "waitress-serve --listen=:80 --host=127.0.0.1 app:app",
    "waitress-serve --call app:create_app",
    "waitress-serve --trusted-proxy=10.0.0.1 --trusted-proxy-count=1 --trusted-proxy-headers=x-forwarded-for app:app",
    "waitress-serve --trusted-proxy=* app:app",
    "waitress-serve --trusted-proxy-headers=x-forwarded-for app:app",
    "waitress-serve --no-expose-tracebacks --no-ipv6 --asyncore-use-poll app:app",
    "waitress-serve --trusted-proxy=* --trusted-proxy-headers=forwarded,x-forwarded-for app:app",
    "waitress-serve --trusted-proxy=* --trusted-proxy-headers=X-Real-IP app:app",
    "waitress-serve --listen=0.0.0.0 app:app",
    "waitress-serve --url-prefix=app/ app:app",
]


def test_random_command_lines() -> None:
    cases = []
    for case, _ in drawing.cases("waitress-serve"):
        case.argv.append(case.argv.pop(1))
        cases.append(case)
    settled(agreement(WAITRESS, cases), unknown_share=0)


def test_command_lines_as_people_write_them() -> None:
    cases = [Case([*line.split()[:-1], "os:getcwd"]) for line in LINES]
    settled(agreement(WAITRESS, cases), unknown_share=0)


@st.composite
def files(draw: launchers.Draw) -> Case:
    """A file that calls waitress.serve."""
    script = launchers.Script(env={"PORT": "9000"})
    keywords = SETTINGS.draw(draw, script)
    if draw(st.booleans()):
        listen = [
            "'*:8080'",
            "'0.0.0.0:80 [::1]:81'",
            "f'*:{os.getenv(\"PORT\")}'",
            "['127.0.0.1:80', 'localhost:81']",
            "':8080'",
        ]
        keywords = {name: value for name, value in keywords.items() if name not in ("host", "port")}
        keywords["listen"] = draw(st.sampled_from(listen))
    imports, callee = draw(st.sampled_from([("from waitress import serve", "serve"), ("import waitress", "waitress.serve")]))
    body = launchers.unpacked(draw, callee, "app", keywords)
    app = "def app(environ, start_response):\n    return []\n"
    return script.case(f"{imports}\n\n{app}", body, draw(st.sampled_from(launchers.MAINS)))


def test_files_in_the_forms_in_which_people_write_them() -> None:
    settled(agreement(SCRIPT, launchers.examples(files(), 40)), unknown_share=0.03)
