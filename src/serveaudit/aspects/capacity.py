"""What fits: processes and CPUs, bodies and headers, connections; and what several processes do not share."""

from __future__ import annotations


class RouteCapacity:
    """Of a location."""


class ServerCapacity:
    """Of a server."""


class AppCapacity:
    """Of an application."""
