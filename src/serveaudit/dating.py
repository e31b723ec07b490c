"""By which release's table a server is read, and whether the releases that may be installed have what it is given."""

from __future__ import annotations

from serveaudit.releases import allowed_reach, order, told_reach
from serveaudit.serving import Row, Server
from serveaudit.tables import Facts, facts
from serveaudit.values import Place
from serveaudit.versions import Installed


def older_releases(server: Server, installed: Installed) -> dict[str, str]:
    """The releases by which a server has to be read, itself and uvicorn in gunicorn, where they are not the newest that were
    looked at: program -> release."""
    programs = (server.program, "uvicorn") if server.program == "gunicorn" else (server.program,)
    told = {program: release(program, installed) for program in programs}
    return {program: found for program, found in told.items() if found and facts(program).at(found) is not facts(program)}


def release(program: str, installed: Installed) -> str:
    """The release that is installed, else the newest that is allowed; empty where nothing asks for the program."""
    version = installed.version(program)
    if isinstance(version.x, str):
        return version.x
    found = installed.package(program)
    if found is None:
        return ""
    return next((each for each in reversed(facts(program).releases) if allowed_reach(found.asked, each) is not False), "")


def asked_for(program: str, installed: Installed) -> tuple[str, tuple[Place, ...]]:
    """The installed release, else what is asked for, in words; and where that stands."""
    version, found = installed.version(program), installed.package(program)
    if isinstance(version.x, str):
        return version.x, version.places
    return (found.asked, (found.place,)) if found is not None else (program, ())


def table_of(program: str, installed: Installed) -> Facts:
    """The program's table by which it is read there."""
    return facts(program).at(release(program, installed))


def has(program: str, row: Row, installed: Installed) -> bool | None:
    """Whether what is installed has a setting, by `since` and `until` of its row; None where it may have it or not."""
    there = _reaches(program, row.since, installed) if row.since else True
    gone = _reaches(program, row.until, installed) if row.until else False
    if there is False or gone is True:
        return False
    return True if there is True and gone is False else None


def _reaches(program: str, release: str, installed: Installed) -> bool | None:
    version, found = installed.version(program), installed.package(program)
    if isinstance(version.x, str) and _between(program, version.x, release):
        return None
    return told_reach(version.x, found.asked if found is not None else "", release)


def _between(program: str, version: str, release: str) -> bool:
    """Whether a version was not looked at and the next one that was is this release: which of both made the change is not
    known."""
    looked_at = [order(each) for each in facts(program).releases]
    later = [each for each in looked_at if each > order(version)]
    return order(version) not in looked_at and bool(later) and later[0] == order(release)
