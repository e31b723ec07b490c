"""Compose projects as groups of machines."""

from serveaudit.launch.compose.reading import read_profiles, read_project, tagged
from serveaudit.launch.compose.texts import Read
from serveaudit.launch.compose.variants import stands_alone, variants

__all__ = ["Read", "read_profiles", "read_project", "stands_alone", "tagged", "variants"]
