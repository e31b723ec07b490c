"""supervisord's table: the keys of `[program:x]` and `[fcgi-program:x]`, as supervisor/options.py asks for them."""

from __future__ import annotations

import inspect
import re
import sys

import tablefile

OUTPUTS = ("logfile", "logfile_backups", "logfile_maxbytes", "events_enabled", "capture_maxbytes", "syslog")
"""Asked for by computed names: stdout_logfile and so on."""
TYPES = {"stopsignal": "signal"}


def ask() -> tuple[str, tablefile.Rows]:
    import importlib.metadata

    from supervisor.options import ServerOptions

    text = inspect.getsource(ServerOptions)
    asked = text[text.index("def process_groups_from_parser") : text.index("def _parse_servernames")]
    names = set(re.findall(r"\bget\(section,\s*'(\w+)'", asked))
    names |= {f"{stream}_{what}" for stream in ("stdout", "stderr") for what in OUTPUTS}
    return importlib.metadata.version("supervisor"), {name: {"type": TYPES.get(name, "str")} for name in names}


if __name__ == "__main__":
    sys.exit(tablefile.main("supervisor", ask))
