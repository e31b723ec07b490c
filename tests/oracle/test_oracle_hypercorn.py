"""hypercorn's settings are those of the Config that its own command makes."""

from __future__ import annotations

import drawing
import pytest
from agreement import Program, agreement, settled, unlike

from serveaudit.programs import hypercorn

pytestmark = pytest.mark.oracle
HYPERCORN = Program(
    hypercorn.start,
    apart=unlike("logger_class root_path verify_mode cert_reqs config application_path"),
    checks_late=True,
)


def test_random_command_lines_and_files() -> None:
    cases = []
    for case, chance in drawing.cases("hypercorn"):
        if chance.random() < 0.5:
            case.files["h.py"] = drawing.config("hypercorn", chance)
            case.argv += ["-c", chance.choice(["file:h.py", "python:h"])]
        cases.append(case)
    settled(agreement(HYPERCORN, cases), unknown_share=0)
