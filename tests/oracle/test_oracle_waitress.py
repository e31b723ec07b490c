"""waitress's settings are those of its own Adjustments."""

from __future__ import annotations

import drawing
import pytest
from agreement import Program, agreement, settled, unlike

from serveaudit.programs import waitress

pytestmark = pytest.mark.oracle
WAITRESS = Program(
    waitress.start,
    apart=unlike("listen trusted_proxy_headers trusted_proxy_count url_prefix call help threads"),
)


def test_random_command_lines() -> None:
    cases = []
    for case, _ in drawing.cases("waitress-serve"):
        case.argv.append(case.argv.pop(1))
        cases.append(case)
    settled(agreement(WAITRESS, cases), unknown_share=0)
