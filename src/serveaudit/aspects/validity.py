"""What keeps a server from doing what its configuration says."""

from __future__ import annotations

from serveaudit.configured import releases
from serveaudit.deployment import Process
from serveaudit.values import Unknown, Value
from serveaudit.words import word


class ServerValidity:
    """Of a server."""

    process: Process

    @word()
    def surely_before(self, package: str, release: str) -> Value[bool]:
        """Whether a package beside it is surely older than a release."""
        newer = self.process.installed.at_least(package, release)
        return Value(False) if isinstance(newer.x, Unknown) else newer.map(lambda there: not there)

    @word()
    def installed(self, package: str) -> Value[str]:
        """The release of a package beside it, told where it is pinned; unknown where it is left open."""
        return self.process.installed.version(package)

    @word("gunicorn does not find it")
    def unavailable_worker(self) -> Value[str]:
        """Why gunicorn does not find its worker class; None where it does, or for another server."""
        return releases.worker_unavailable(self.process) if self.process.server.program == "gunicorn" else Value(None)
