"""Puts the rule cards into the wheel: as they are, for `serveaudit explain`, and as one JSON, which a run reads in no time.

An editable install needs neither: it reads the cards in the checkout.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RuleCards(BuildHookInterface[Any]):
    """Raises CardError for a card that can't be read, so that no wheel is built with it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or self.target_name != "wheel":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from serveaudit.cards import card_files, read_card
        from serveaudit.shipped import bundled

        rules = root / "rules"
        self.scratch = tempfile.TemporaryDirectory()
        bundle = Path(self.scratch.name, "rules.json")
        bundle.write_text(bundled(map(read_card, card_files(rules))), encoding="utf-8")
        build_data["force_include"] |= {str(bundle): "serveaudit/data/rules.json", str(rules): "serveaudit/rules"}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "scratch"):
            self.scratch.cleanup()
