"""A proof that a machine does not allow says so, and is no success in CI."""

from __future__ import annotations

import pytest
from containers import require

pytestmark = pytest.mark.proof


@pytest.mark.parametrize("said", ["1", "true", "True"])
def test_in_ci_a_proof_fails_where_the_machine_does_not_allow_it(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("CI", said)
    with pytest.raises(pytest.fail.Exception, match="does not allow unshare --net"):
        require(False, "unshare --net")


@pytest.mark.parametrize("said", ["", "0", "false"])
def test_elsewhere_it_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("CI", said)
    with pytest.raises(pytest.skip.Exception, match="does not allow unshare --net"):
        require(False, "unshare --net")


def test_what_a_machine_allows_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    require(True, "anything")
