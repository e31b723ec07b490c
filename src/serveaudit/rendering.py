"""nginx's templates as its official image renders them before nginx starts.

Source: docker-nginx, entrypoint/20-envsubst-on-templates.sh.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from serveaudit.following.writing import substituted, text_of
from serveaudit.launching import Machine, Mount
from serveaudit.mapping import MappedFiles

_VARIABLE = "NGINX_ENVSUBST_"
_DEFAULTS = {"TEMPLATE_DIR": "/etc/nginx/templates", "TEMPLATE_SUFFIX": ".template", "OUTPUT_DIR": "/etc/nginx/conf.d"}


def render(machine: Machine, files: MappedFiles) -> None:
    """Puts what a container's templates become among the files that are written there; nothing where a variable that is not
    known says from where, or to where."""
    if machine.kind == "host":
        return
    said = {name: value.x for name, value in machine.env.variables.items()}
    folder, suffix, output = (said.get(_VARIABLE + name, default) for name, default in _DEFAULTS.items())
    if not (isinstance(folder, str) and isinstance(suffix, str) and isinstance(output, str)):
        return
    for path in [path for path in _lying(files, posixpath.normpath(folder)) if path.endswith(suffix)]:
        template = files.find(path)
        if template is not None:
            target = posixpath.join(output, posixpath.relpath(path, folder).removesuffix(suffix))
            chunks = list(substituted((template.text, template.whole()), lambda name: _replaced(name, said)))
            files.written.setdefault(posixpath.normpath(target), text_of(chunks))


def _replaced(name: str, said: Mapping[str, object]) -> str | None:
    """What a variable is replaced by; None for one that is not set, which is left for nginx, or whose text is not known."""
    chosen, text = said.get(f"{_VARIABLE}FILTER", ""), said.get(name)
    try:
        fits = isinstance(chosen, str) and re.search(chosen, name)
    except re.error:
        return None
    return text if fits and isinstance(text, str) else None


def _lying(files: MappedFiles, folder: str) -> dict[str, None]:
    """The paths of a container's files below a directory, as far as they are in the repository."""
    found = [*files.written, *(path for mount in files.mounts for path in _brought(mount, files, folder))]
    return dict.fromkeys(path for path in found if path.startswith(f"{folder}/"))


def _brought(mount: Mount, files: MappedFiles, folder: str) -> Iterator[str]:
    target = mount.target.rstrip("/")
    if not (f"{target}/".startswith(f"{folder}/") or f"{folder}/".startswith(f"{target}/")):
        return
    if mount.kind == "text":
        yield target
    elif mount.source is not None and mount.kind in ("bind", "copy"):
        source = posixpath.normpath(mount.source)
        for path in files.repository.paths:
            if source == "." or path == source or path.startswith(f"{source}/"):
                yield posixpath.normpath(posixpath.join(target, posixpath.relpath(path, source)))
