"""uvicorn's settings are those that its own command hands to uvicorn.Config."""

from __future__ import annotations

import drawing
import pytest
from agreement import Program, agreement, settled, unlike

from serveaudit.programs import uvicorn

pytestmark = pytest.mark.oracle
UVICORN = Program(
    uvicorn.start,
    apart=unlike(
        """app forwarded_allow_ips log_config log_level headers reload_dirs reload_includes reload_excludes reload workers
        ssl_version"""
    ),
)


def test_random_command_lines_and_variables() -> None:
    cases = []
    for case, chance in drawing.cases("uvicorn"):
        case.env = drawing.variables("uvicorn", chance)
        cases.append(case)
    settled(agreement(UVICORN, cases), unknown_share=0)
