"""serveaudit: a static auditor for the way Python web applications are served."""

__version__ = "0.1.0.dev0"
