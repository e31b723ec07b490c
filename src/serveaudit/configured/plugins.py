"""Options of uWSGI's that a plugin of somebody else's may know."""

from __future__ import annotations

import posixpath
import re

from serveaudit.serving import Server
from serveaudit.values import Items, Unknown, Value

_OWN = re.compile(
    r"\d|python\d*|http|corerouter|router_\w+|gevent\d*|asyncio\d*|greenlet|cheaper_\w+|logfile|logsocket|logpipe|logcrypto|rsyslog"
    r"|syslog|redislog|mongodblog|ping|cache|rpc|signal|symcall|spooler|transformation_\w+|carbon|nagios|zergpool|ugreen|fastrouter"
    r"|rawrouter|sslrouter|stats_pusher_\w+|alarm_\w+|psgi|php\d?|rack\w*|lua\w*|cgi|mono|notfound|dummy|geoip|xslt|emperor_\w+"
    r"|curl_cron|webdav|tornado\d*|pypy|systemd_logger|graylog2|msgpack|airbrake|gridfs|rados|tuntap|jvm|jwsgi|ring|v8|gccgo|libtcc"
)
"""The plugins of uWSGI's own tree, whose options the table has. Source: the directory plugins/ of uWSGI 2.0."""


def may_know(server: Server) -> Value[bool]:
    """Whether a plugin may bring an option along: unknown with one that is not uWSGI's own."""
    given = server.value("plugin")
    if server.program != "uwsgi" or not isinstance(given.x, Items):
        return Value(Unknown(given.why) if given.why else False)
    for member in given.x.members:
        for name in str(member.x).split(","):
            stem = re.sub(r"^lib|_plugin(\.so)?$|\.so$", "", posixpath.basename(name.strip()))
            if stem and not _OWN.fullmatch(stem):
                return Value(Unknown(f"the plugin {stem} may know it", stem))
    return Value(False)
