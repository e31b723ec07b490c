"""gunicorn's settings are those that its own WSGIApplication computes."""

from __future__ import annotations

import drawing
import pytest
from agreement import Case, Program, agreement, settled, unlike
from shapes import shapes

from serveaudit.programs import gunicorn

pytestmark = pytest.mark.oracle
GUNICORN = Program(
    gunicorn.start,
    apart=unlike("user group chdir control_socket default_proc_name config"),
)
VARIABLES: list[dict[str, str]] = [{}, {"PORT": "9000"}, {"WEB_CONCURRENCY": "3"}, {"FORWARDED_ALLOW_IPS": "*"}]
WORDS = ["--workers 3", "-t 5 -b c:3", "--threads=2", "-w"]


def test_random_command_lines_files_and_variables() -> None:
    cases = []
    for case, chance in drawing.cases("gunicorn"):
        case.files["gunicorn.conf.py"] = drawing.config("gunicorn", chance)
        case.env = dict(chance.choice(VARIABLES))
        if chance.random() < 0.3:
            case.env["GUNICORN_CMD_ARGS"] = chance.choice(WORDS)
        cases.append(case)
    settled(agreement(GUNICORN, cases), unknown_share=0)


@pytest.mark.parametrize(("name", "cases"), shapes("gunicorn_shapes"))
def test_shape(name: str, cases: list[Case]) -> None:
    settled(agreement(GUNICORN, cases), unknown_share=1)
