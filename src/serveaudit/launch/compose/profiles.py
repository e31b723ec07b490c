"""Which services of a compose project are started together: what the names of their profiles say.

A service without `profiles` is always started, one with them where any of them is asked for (Compose specification: profiles).
"""

from __future__ import annotations

from serveaudit.contexts import Kind, kind_of
from serveaudit.formats.yaml import Layers
from serveaudit.launch.compose.texts import Texts


def kinds_of(layers: Layers, texts: Texts) -> frozenset[Kind]:
    """What a service may be started for: everything, unless all of its profiles are named for development, or none is."""
    names = [value.x for value in texts.listed(layers.node("profiles"))]
    if not names:
        return frozenset(("production", "development"))
    return frozenset(kind_of(name) if isinstance(name, str) else "production" for name in names)
