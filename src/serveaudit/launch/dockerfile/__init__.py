"""Dockerfiles as images, and containers that are started from an image alone."""

from serveaudit.launch.dockerfile.container import container
from serveaudit.launch.dockerfile.reading import read_image

__all__ = ["container", "read_image"]
