"""Values with which a server starts and serves nobody, or ends at once. Each was tried on the real program."""

from __future__ import annotations

from serveaudit.configured.written import judged, program_of
from serveaudit.deployment import Process
from serveaudit.serving import Setting
from serveaudit.values import Value

_NOBODY = {
    ("gunicorn", "workers"): (0, "the master listens and no worker answers"),
    ("uvicorn", "limit_max_requests"): (0, "uvicorn ends as soon as it has started"),
    ("uwsgi", "processes"): (0, "uWSGI starts no worker and ends with status 0"),
    ("waitress", "threads"): (0, "requests are taken and never answered"),
}
_CHECKS = {"check_config": "checks its configuration and ends", "print_config": "prints its configuration and ends"}


def idles(setting: Setting, process: Process) -> Value[str]:
    """What happens to a server that serves nobody because of a setting; None for all others."""
    program = program_of(setting, process)
    if setting in process.server.strange or (program == "uvicorn" and process.server.program == "gunicorn"):
        return Value(None)
    if program == "gunicorn" and setting.name in _CHECKS and setting.origin == "written":
        return judged(setting.value, lambda x: f"gunicorn {_CHECKS[setting.name]}" if x is True else None)
    if program == "uvicorn" and setting.name == "limit_concurrency":
        return judged(setting.value, lambda x: "uvicorn answers 503 to every request" if x in (0, 1) else None)
    if program == "hypercorn" and setting.name == "workers":
        return judged(
            setting.value, lambda x: "hypercorn hangs, and SIGTERM does not end it" if isinstance(x, int) and x < 0 else None
        )
    if program == "gunicorn" and setting.name == "threads" and process.server.worker_class.x == "gthread":
        return judged(setting.value, lambda x: "its workers end as soon as they start" if x == 0 else None)
    wanted, said = _NOBODY.get((program, setting.name), (None, ""))
    return judged(setting.value, lambda x: said if x == wanted and not isinstance(x, bool) else None) if said else Value(None)
