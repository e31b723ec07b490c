"""gevent's settings are those with which a Python file makes its WSGIServer."""

from __future__ import annotations

import launchers
import pytest
from agreement import Case, Program, agreement, scripted, settled, unlike
from hypothesis import strategies as st

pytestmark = pytest.mark.oracle
GEVENT = Program(scripted, apart=unlike("listener application error_log log handler_class patched_after environ"))
LISTENERS = [
    '("0.0.0.0", {port})',
    '("", {port})',
    '("::", {port})',
    '(os.getenv("APP_HOST", "127.0.0.1"), {port})',
    'f":{{{port}}}"',
    '"127.0.0.1:8000"',
    '":8000"',
    '"*:8000"',
    '"[::1]:8000"',
    '"8000"',
    "{port}",
]
PATCHES = [
    "",
    "from gevent import monkey\nmonkey.patch_all()\n",
    "import gevent.monkey\ngevent.monkey.patch_all(thread=False)\n",
]
IMPORTS = ["from gevent.pywsgi import WSGIServer", "from gevent import pywsgi", "import gevent.pywsgi"]
OPTIONS = {
    "backlog": ["256", "None"],
    "log": ["None", '"default"'],
    "spawn": ["100", '"default"', "Pool(50)"],
    "certfile": ['"cert.pem"', "None"],
    "workers": ["4"],
}


@st.composite
def files(draw: launchers.Draw) -> Case:
    """A file that makes a WSGIServer and serves forever."""
    script = launchers.Script()
    port = launchers.Settings({"port": 8000}, {}).number(draw, script, "port")
    listener = draw(st.sampled_from(LISTENERS)).format(port=port)
    imports = draw(st.sampled_from(IMPORTS))
    name = {"from gevent.pywsgi": "WSGIServer", "from gevent": "pywsgi.WSGIServer"}.get(imports.partition(" import")[0])
    given = draw(st.lists(st.sampled_from(sorted(OPTIONS)), unique=True, max_size=2))
    keywords = {each: draw(st.sampled_from(OPTIONS[each])) for each in given}
    above = "def app(environ, start_response):\n    return []\n"
    if "spawn" in keywords:
        imports += "\nfrom gevent.pool import Pool"
    body = launchers.unpacked(draw, f"server = {name or 'gevent.pywsgi.WSGIServer'}", f"{listener}, app", keywords)
    patch = draw(st.sampled_from(PATCHES))
    return script.case(
        f"{patch}{imports}\n\n{above}", [*body, "server.serve_forever()"], draw(st.sampled_from(launchers.MAINS))
    )


def test_files_in_the_forms_in_which_people_write_them() -> None:
    settled(agreement(GEVENT, launchers.examples(files(), 50)), unknown_share=0.03)
