"""Files that distributions and tools install next to nginx's configuration, and what stands in them.

Such a file is hardly ever in the repository that includes it. Sources: Debian's nginx-common (2026 and before), the files of
nginx's conf/ directory, certbot's options-ssl-nginx.conf.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from posixpath import basename

from serveaudit.formats.nginx import Directive, Word, parse
from serveaudit.source import SourceFile

_PROXY = """
proxy_set_header Host $host;
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
"""
_COMMON = """
{0} QUERY_STRING $query_string;
{0} REQUEST_METHOD $request_method;
{0} CONTENT_TYPE $content_type;
{0} CONTENT_LENGTH $content_length;
{0} REQUEST_URI $request_uri;
{0} DOCUMENT_ROOT $document_root;
{0} SERVER_PROTOCOL $server_protocol;
{0} REQUEST_SCHEME $scheme;
{0} HTTPS $https if_not_empty;
{0} REMOTE_ADDR $remote_addr;
{0} REMOTE_PORT $remote_port;
{0} SERVER_PORT $server_port;
{0} SERVER_NAME $server_name;
"""
_UWSGI = _COMMON.format("uwsgi_param") + "uwsgi_param PATH_INFO $document_uri; uwsgi_param HTTP_HOST $host;"
_SCGI = _COMMON.format("scgi_param") + "scgi_param DOCUMENT_URI $document_uri; scgi_param SCGI 1;"
_FASTCGI = (
    _COMMON.format("fastcgi_param") + "fastcgi_param SCRIPT_NAME $fastcgi_script_name; fastcgi_param REDIRECT_STATUS 200;"
)
_FASTCGI_SCRIPT = _FASTCGI + "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;"
_CERTBOT = """
ssl_session_cache shared:le_nginx_SSL:10m;
ssl_session_timeout 1440m;
ssl_session_tickets off;
ssl_protocols TLSv1.2 TLSv1.3;
ssl_prefer_server_ciphers off;
"""
_TYPES = "types { text/html html htm shtml; text/css css; application/javascript js; image/png png; }"
_SNAKEOIL = """
ssl_certificate /etc/ssl/certs/ssl-cert-snakeoil.pem;
ssl_certificate_key /etc/ssl/private/ssl-cert-snakeoil.key;
"""

_TEXTS = {
    "proxy_params": ("Debian's proxy_params", _PROXY),
    "uwsgi_params": ("nginx's uwsgi_params", _UWSGI),
    "scgi_params": ("nginx's scgi_params", _SCGI),
    "fastcgi_params": ("nginx's fastcgi_params", _FASTCGI),
    "fastcgi.conf": ("nginx's fastcgi.conf", _FASTCGI_SCRIPT),
    "mime.types": ("nginx's mime.types", _TYPES),
    "options-ssl-nginx.conf": ("certbot's options-ssl-nginx.conf", _CERTBOT),
    "snakeoil.conf": ("Debian's snakeoil.conf", _SNAKEOIL),
}
_OLDER = {"proxy_set_header Host": "$http_host", "uwsgi_param HTTP_HOST": "$http_host"}
"""Until 2026 Debian's files passed on the Host header as it came."""
BEFORE = "the file is from before 2026"
SINCE = "the file is of 2026 or newer"


@dataclass(slots=True, eq=False)
class Installed(Directive):
    """A directive of an installed file, standing where the file is included. `older` is the value that older releases of the
    file have instead; empty where there is none."""

    origin: str = ""
    older: str = ""


def installed(include: Directive, pattern: str) -> list[Directive] | None:
    """The directives of an installed file, by its name; None for a file that is not known. Their places are the include's."""
    name = basename(pattern)
    if name not in _TEXTS:
        return None
    origin, text = _TEXTS[name]
    return [_standing_at(include, directive, origin) for directive in _parsed(text)]


@cache
def _parsed(text: str) -> tuple[Directive, ...]:
    return tuple(parse(SourceFile("", text)).directives)


def _standing_at(include: Directive, found: Directive, origin: str) -> Installed:
    at = (include.source, include.start, include.head_end)
    words = tuple(Word(word.text, *at, word.quoted) for word in found.words)
    entries: list[Directive] = [_standing_at(include, entry, origin) for entry in found.block or ()]
    block = None if found.block is None else entries
    older = _OLDER.get(" ".join(word.text for word in words[:2]), "")
    return Installed(found.name, words, *at, include.head_end, block, include.branch, include.torn, origin, older)
