"""Puts this directory on the path, for the modules that tests share."""

from pathlib import Path

import pytest


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory, in which the test is."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
