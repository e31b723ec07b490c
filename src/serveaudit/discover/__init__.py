"""Which files are ours, by content, and what each one is."""

from serveaudit.discover.repository import Found, Repository, discover

__all__ = ["Found", "Repository", "discover"]
