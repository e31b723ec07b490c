"""What keeps a server from doing what its configuration says."""

from __future__ import annotations

from serveaudit.configured import releases, sections, targets, unread_files
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

    @word("not read")
    def unread_section(self) -> Value[str]:
        """The section of a configuration file that the server does not read, or the one that it looks for in vain."""
        return sections.unread(self.process.server)

    @word()
    def reads_nothing(self) -> Value[bool]:
        """Whether nothing at all of its configuration file is read because of that."""
        return Value(sections.reads_nothing(self.process.server))

    @word("uWSGI's logic")
    def broken_logic(self) -> Value[str]:
        """What is wrong with the logic of uWSGI's file: an else, a block in a block, one that never ends."""
        return sections.broken_logic(self.process.server)

    @word("starts without it")
    def unread_file(self) -> Value[str]:
        """The configuration file that lies beside the start and that it does not read."""
        return unread_files.never_read(self.process)

    @word("not there")
    def missing_file(self) -> Value[str]:
        """The configuration file that the start names, and that lies elsewhere."""
        return unread_files.missing(self.process)

    @word("gunicorn does not find it")
    def unavailable_worker(self) -> Value[str]:
        """Why gunicorn does not find its worker class; None where it does, or for another server."""
        return releases.worker_unavailable(self.process) if self.process.server.program == "gunicorn" else Value(None)

    @word("given as an object")
    def app_object(self) -> Value[str]:
        """The application as `uvicorn.run()` gets it, where that is an object and no text; None else."""
        return targets.given_as_object(self.process)

    @word("no application's name")
    def spec_mistake(self) -> Value[str]:
        """What is wrong with the application's name as it is written; None where nothing is."""
        return targets.mistake(self.process)

    @word("is called for each request")
    def uncalled_factory(self) -> Value[str]:
        """The function that makes the application, given without a call to a server that calls none; None else."""
        return targets.uncalled_factory(self.process)

    @word("the module has no such name")
    def missing_app(self) -> Value[str]:
        """The application that its module surely does not have; None else."""
        return targets.missing(self.process)
