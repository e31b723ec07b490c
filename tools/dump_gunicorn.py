"""gunicorn's table, from gunicorn.config.KNOWN_SETTINGS."""

from __future__ import annotations

import sys
from typing import Any

import tablefile

TYPES = {
    "validate_bool": "bool",
    "validate_pos_int": "int",
    "validate_http2_window_size": "int",
    "validate_http2_stream_limit": "int",
    "validate_http2_frame_size": "int",
    "validate_ssl_version": "int",
    "validate_list_string": "list",
    "validate_list_of_files_or_patterns": "list",
    "validate_list_of_existing_files": "list",
    "validate_string_to_addr_list": "csv",
    "validate_string_to_list": "csv",
    "validate_http_protocols": "csv",
    "validate_dict": "dict",
    "validate_class": "class",
    "validate_user": "user",
    "validate_group": "user",
    "validate_post_request": "callable",
    "validate_callable.<locals>._validate_callable": "callable",
}
BOUNDS = {
    "validate_pos_int": (0, None),
    "validate_http2_window_size": (0, 2**31 - 1),
    "validate_http2_stream_limit": (1, None),
    "validate_http2_frame_size": (16384, 16777215),
}
CHOICES = {
    "asgi_lifespan": ["auto", "on", "off"],
    "asgi_loop": ["auto", "asyncio", "uvloop"],
    "header_map": ["drop", "refuse", "dangerous"],
    "http2_cleartext": ["off", "prior-knowledge", "upgrade", "both"],
    "http_parser": ["auto", "fast", "python"],
    "proxy_protocol": ["off", "auto", "v1", "v2"],
    "reload_engine": ["auto", "inotify", "poll"],
}
"""gunicorn has them only inside of its validators: `choices` asks those whether they still hold."""
COMPUTED = ("chdir", "control_socket", "group", "user")


def ask() -> tuple[str, tablefile.Rows]:
    import gunicorn
    from gunicorn import config

    return gunicorn.__version__, {setting.name: row(setting) for setting in config.KNOWN_SETTINGS}


def row(setting: Any) -> dict[str, Any]:
    name = validator(setting).__qualname__
    low, high = BOUNDS.get(name, (None, None))
    kind = "octal" if getattr(setting.type, "__name__", "") == "auto_int" else TYPES.get(name, "str")
    kind = "choice" if setting.name in CHOICES and kind == "str" else kind
    return {
        "type": kind,
        "choices": choices(setting, kind),
        "default": tablefile.plain(setting.default) if kind != "callable" and setting.name not in COMPUTED else None,
        "flags": setting.cli or [],
        "takes": {"store_true": 0, "store_const": 0}.get(setting.action, setting.nargs or 1) if setting.cli else None,
        "const": setting.const,
        "parameters": parameters(setting) if kind == "callable" else [],
        "low": low,
        "high": high,
    }


def validator(setting: Any) -> Any:
    """The function that checks its values; up to gunicorn 19 it is wrapped in another."""
    found = setting.validator
    return found.__closure__[0].cell_contents if found.__name__ == "_wrapped" else found


def choices(setting: Any, kind: str) -> list[str]:
    """The words that it takes. For a class, the short names: any other word is the path of a class."""
    from gunicorn import config, workers

    if setting.name == "worker_class":
        return sorted(workers.SUPPORTED_WORKERS)
    if setting.name == "http_protocols":
        return sorted(config.VALID_HTTP_PROTOCOLS)
    words = CHOICES[setting.name] if kind == "choice" else []
    for word in words:
        validator(setting)(word)
    return words


def parameters(setting: Any) -> list[str]:
    """The names in the default hook, as the documentation has them."""
    import inspect

    return list(inspect.signature(setting.default).parameters)


if __name__ == "__main__":
    sys.exit(tablefile.main("gunicorn", ask))
