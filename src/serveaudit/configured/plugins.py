"""uWSGI's plugins: options of somebody else's, and options whose plugin is not there."""

from __future__ import annotations

import posixpath
import re

from serveaudit.deployment import Process
from serveaudit.serving import Server, Setting
from serveaudit.values import Items, Unknown, Value

_OWN = re.compile(
    r"\d|python\d*|http|corerouter|router_\w+|gevent\d*|asyncio\d*|greenlet|cheaper_\w+|logfile|logsocket|logpipe|logcrypto|rsyslog"
    r"|syslog|redislog|mongodblog|ping|cache|rpc|signal|symcall|spooler|transformation_\w+|carbon|nagios|zergpool|ugreen|fastrouter"
    r"|rawrouter|sslrouter|stats_pusher_\w+|alarm_\w+|psgi|php\d?|rack\w*|lua\w*|cgi|mono|notfound|dummy|geoip|xslt|emperor_\w+"
    r"|curl_cron|webdav|tornado\d*|pypy|systemd_logger|graylog2|msgpack|airbrake|gridfs|rados|tuntap|jvm|jwsgi|ring|v8|gccgo|libtcc"
)
"""The plugins of uWSGI's own tree, whose options the table has. Source: the directory plugins/ of uWSGI 2.0."""


_LOADING = ("plugin", "plugins", "need-plugin", "need-plugins")


def may_know(server: Server) -> Value[bool]:
    """Whether a plugin may bring an option along: unknown with one that is not uWSGI's own."""
    loaded = _loaded(server)
    if isinstance(loaded, Unknown):
        return Value(loaded)
    other = next((name for name in loaded if not _OWN.fullmatch(name)), None)
    return Value(Unknown(f"the plugin {other} may know it", other) if other else False)


def not_loaded(setting: Setting, process: Process) -> Value[str]:
    """The plugin that has an option, where neither pip's build nor Debian's has it inside and nothing loads it; None else,
    unknown where nothing tells whether uWSGI is one of the two."""
    row, server = setting.row, process.server
    if row is None or not row.apart or server.value("autoload").x not in (None, False):
        return Value(None)
    loaded = _loaded(server)
    if isinstance(loaded, Unknown):
        return Value(loaded)
    if any(not _OWN.fullmatch(name) or name.startswith(row.plugin) for name in loaded):
        return Value(None)
    asked = process.installed.package("uwsgi")
    if asked is None:
        return Value(Unknown("how uWSGI was built is not known", "uwsgi"))
    said = f"the plugin {row.plugin} has it, which is not part of uWSGI's usual builds and which nothing loads"
    return Value(said, (setting.place, asked.place))


def _loaded(server: Server) -> list[str] | Unknown:
    """The names of the plugins that a configuration loads: `python3` of `/usr/lib/uwsgi/plugins/python3_plugin.so`."""
    found: list[str] = []
    for given in (server.value(name) for name in _LOADING if server.program == "uwsgi"):
        if given.why:
            return Unknown(given.why)
        for member in given.x.members if isinstance(given.x, Items) else ():
            stems = (posixpath.basename(name.strip()) for name in str(member.x).split(","))
            found += filter(None, (re.sub(r"^lib|_plugin(\.so)?$|\.so$", "", stem) for stem in stems))
    return found
