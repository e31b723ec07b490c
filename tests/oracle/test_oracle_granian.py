"""granian's settings are those that its own command hands to its Server."""

from __future__ import annotations

import drawing
import pytest
from agreement import Program, agreement, settled, unlike

from serveaudit.programs import granian

pytestmark = pytest.mark.oracle
GRANIAN = Program(
    granian.start,
    renamed={"host": "address", "log_access_enabled": "log_access", "log_access_fmt": "log_access_format"},
    apart=unlike("blocking_threads interface loop"),
)


def test_random_command_lines_and_variables() -> None:
    cases = []
    for case, chance in drawing.cases("granian"):
        case.env = drawing.variables("granian", chance)
        cases.append(case)
    settled(agreement(GRANIAN, cases), unknown_share=0)
