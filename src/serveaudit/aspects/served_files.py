"""Which files a location of nginx serves."""

from __future__ import annotations

import posixpath
import re

from serveaudit.deployment import Proxy
from serveaudit.programs.nginx import Files
from serveaudit.programs.nginx import Location as Facts
from serveaudit.programs.nginx.alphabets import begins_with, of_group
from serveaudit.programs.nginx.texts import uses
from serveaudit.values import Value
from serveaudit.words import word


class LocationFiles:
    """Words of a location: its files."""

    proxy: Proxy
    facts: Facts

    @word("takes files from {it}")
    def alias(self) -> Value[str]:
        """The directory of its own `alias`; None where it has none."""
        found = self._own_files("alias")
        return found.directory if found else Value(None)

    @word("files are looked for below {it}")
    def directory(self) -> Value[str]:
        """The directory from which it serves files, normalized; None where it serves none."""
        found = self.facts.files
        if found is None or self.facts.handler != "static" or self._never_asked:
            return Value(None)
        return found.directory.map(lambda text: posixpath.normpath(text).replace("//", "/") if "$" not in text else text)

    @property
    def _never_asked(self) -> bool:
        """Whether it is what a server block does where no location matches, and one of them takes everything."""
        among = self.facts.site.locations if self.facts.modifier == "server" else []
        return any(location.uri == "/" and location.modifier in ("", "^~") for location in among)

    def _own_files(self, kind: str) -> Files | None:
        found = self.facts.files
        return found if found and found.kind == kind and self.facts.scope.own(kind) else None

    @word("what follows {it} is put behind the directory, `../` as well")
    def slips_out(self) -> Value[str]:
        """The path or pattern that lets `..` out of its alias: it ends without the slash that the directory ends with; None
        where it does not."""
        alias = self.alias
        if not isinstance(alias.x, str) or not isinstance(self.facts.uri, str):
            return Value(None)
        plain = self.facts.modifier in ("", "^~") and alias.x.endswith("/") and not self.facts.uri.endswith("/")
        slips = plain or (self.facts.regex and _group_slips(self.facts.uri, alias.x))
        return Value(self.facts.uri if slips else None, (self.facts.place,))

    @word()
    def offers_downloads(self) -> Value[bool]:
        """Whether its path says that its files are for everybody to choose from."""
        return Value(bool(re.search(r"download|mirror|/pub\b|/public|release|dist\b", str(self.facts.uri), re.IGNORECASE)))

    @word("lists a directory's files")
    def lists_directories(self) -> Value[bool]:
        """Whether it shows a directory's content where no index is there."""
        if self.facts.handler not in ("static", "other", "none") or self._never_asked:
            return Value(False)
        return self.facts.flag("autoindex")


def _group_slips(pattern: str, alias: str) -> bool:
    """Whether a group that may begin with a dot stands right behind a word in a pattern, and right behind a slash in its alias:
    `/images(.*)` with `/srv/images/$1`."""
    for use in uses(alias):
        number = int(use.name) if use.name.isdigit() else 0
        opening = [found.start() for found in re.finditer(r"(?<!\\)\((?!\?)", pattern)]
        letters = of_group(pattern, number) if 0 < number <= len(opening) else None
        before = pattern[: opening[number - 1]].rstrip(")")[-1:] if letters else ""
        behind_word = before.isalnum() or before in ("_", "-")
        if behind_word and letters and {".", "/"} <= letters and alias[: use.start].endswith("/"):
            return not begins_with(pattern, number, "/")
    return False
