"""daphne's settings are those that its own command hands to its Server."""

from __future__ import annotations

import drawing
import pytest
from agreement import Program, agreement, settled, unlike

from serveaudit.programs import daphne

pytestmark = pytest.mark.oracle
DAPHNE = Program(
    daphne.start,
    renamed={"socket_strings": "endpoints"},
    apart=unlike("application socket_strings verbosity host port unix_socket log_fmt access_log"),
)


def test_random_command_lines() -> None:
    cases = [case for case, _ in drawing.cases("daphne", "os:getcwd")]
    settled(agreement(DAPHNE, cases), unknown_share=0)
