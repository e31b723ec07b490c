"""What a file is, by its content; its name only says what it may be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from serveaudit.programs import gunicorn, hypercorn, nginx, uwsgi
from serveaudit.source import SourceFile


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of file: names that it may have, and what its text must hold. `sure`: the name alone is enough where the text
    can't be read."""

    kind: str
    name: re.Pattern[str]
    holds: Callable[[SourceFile], object]
    sure: bool = False


def _rule(kind: str, name: str, *holds: str, sure: bool = False) -> Rule:
    """Patterns of the path's end and of the text: all of them must be found."""
    patterns = [re.compile(pattern, re.MULTILINE) for pattern in holds]
    return Rule(kind, _name(name), lambda source: all(pattern.search(source.text) for pattern in patterns), sure)


def _name(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|.*/)(?:{pattern})", re.IGNORECASE)


_YAML = r"[^/]*\.ya?ml"
_INI = r"[^/]*\.(?:ini|conf|cfg)|[^/.]+"
_NGINX = (
    r"[^/]*\.(?:conf|nginx|vhost|inc|site|ng|include)|[^/]*nginx[^/]*|"
    r"(?:.*/)?(?:sites-[^/]+|conf\.d|snippets|nginx[^/]*)/[^/]*|[^/.]+"
)
_SERVES = (
    r"uvicorn\.(?:run|Server|Config)|\bWSGIServer\b|\bwaitress\b|\bhypercorn\b|\bGranian\b|\brun_simple\b|serve_forever|"
    r"(?<!subprocess)\.run\(|\bgunicorn\.app\b|\bdaphne\b|run_app\(|\bUvicornWorker\b|"
    r"[\"'](?:gunicorn|uvicorn|hypercorn|granian|uwsgi|waitress-serve)[\"' ]"
)
_RULES = (
    _rule(
        "dockerfile",
        r"(?:Docker|Container)file(?:[._-][^/]*)?|[^/]*\.(?:docker|container)file",
        r"(?i)^\s*FROM\s+\S",
        sure=True,
    ),
    _rule("procfile", r"Procfile(?:[._-][^/]*)?", r"^[\w-]+\s*:", sure=True),
    _rule("caddyfile", r"[^/]*Caddyfile[^/]*|[^/]*\.caddy", r"\S"),
    _rule("makefile", r"(?:GNU)?makefile(?:\.[^/]*)?|[^/]*\.mk|justfile", r"^[^\s#:]+.*:"),
    _rule(
        "requirements",
        r"[^/]*requirements[^/]*\.(?:txt|in|pip)|requirements/[^/]*\.(?:txt|in|pip)|constraints[^/]*\.txt",
        r"\S",
    ),
    _rule(
        "requirements",
        r"(?:pyproject\.toml|poetry\.lock|uv\.lock|pdm\.lock|Pipfile(?:\.lock)?|setup\.cfg|environment\.ya?ml)",
        r"\S",
    ),
    _rule("env", r"\.env(?:[._-][^/]*)?|[^/]*\.env|\.flaskenv|\.envs/.*", r"^\s*(?:export\s+)?[A-Za-z_]\w*\s*="),
    _rule(
        "systemd",
        r"[^/]*\.(?:service|socket|timer|path)|[^/]*\.(?:service|socket)\.d/[^/]*\.conf",
        r"^\s*\[(?:Unit|Service|Socket|Install|Timer|Path)\]",
        sure=True,
    ),
    _rule("terraform", r"[^/]*\.tf", r"^(?:resource|module|provider)\b"),
    _rule("terraform", r"[^/]*\.bicep", r"^resource\b"),
    _rule(
        "platform",
        r"(?:fly[^/]*\.toml|render\.ya?ml|railway\.(?:json|toml)|nixpacks\.toml|app\.json|heroku\.yml|scalingo\.json|\.buildpacks|"
        r"DOKKU_SCALE|captain-definition|\.ebextensions/.*|Dockerrun\.aws\.json|\.elasticbeanstalk/.*|apprunner\.ya?ml|vercel\.json|"
        r"netlify\.toml|zappa_settings\.[^/]*|serverless\.ya?ml|\.do/[^/]*|\.platform\.app\.ya?ml|\.upsun/.*|koyeb\.ya?ml)",
        r"\S",
    ),
    _rule("platform", r"app(?:[.-][\w-]+)?\.ya?ml", r"^runtime:\s*\S+"),
    _rule("platform", r"copilot/[^/]+/manifest\.ya?ml", r"^type:.*Web Service"),
    _rule("platform", r"config/deploy[^/]*\.ya?ml", r"^(?:service|proxy|traefik):"),
    _rule("platform", r"[^/]*manifest[^/]*\.ya?ml", r"^applications:"),
    _rule("platform", r"[^/]*\.json", r'"containerDefinitions"\s*:'),
    _rule("platform", r"[^/]*\.(?:ya?ml|json|template)", r"\bAWS::[A-Z]\w+::"),
    _rule("platform", r"azure\.ya?ml", r"^\s+host:\s*\w"),
    _rule("proxy", r"[^/]*haproxy[^/]*\.cfg", r"^[ \t]*(?:frontend|listen|backend)\b"),
    _rule(
        "proxy",
        r"(?:[^/]*traefik[^/]*|[^/]*traefik[^/]*/(?:.*/)?[^/]+)\.(?:ya?ml|toml)",
        r"^[ \t]*\[*(?:entryPoints|http|routers|providers)\b",
    ),
    _rule("proxy", r"[^/]*envoy[^/]*\.ya?ml", r"^(?:static|dynamic)_resources:"),
    _rule("proxy", r"[^/]*kong[^/]*\.ya?ml", r"^_format_version:"),
    _rule("proxy", r"[^/]*serve[^/]*\.json", r'"(?:HTTPS|AllowFunnel)"\s*:'),
    _rule(
        "proxy",
        r"[^/]*(?:cloudflared|ngrok)[^/]*\.ya?ml|\.?cloudflared/[^/]*",
        r"^(?:tunnels?|ingress|authtoken|agent|endpoints):",
    ),
    _rule("proxy", r"[^/]*\.conf|\.htaccess|[^/]*\.vhost", r"^[ \t]*<VirtualHost\b|^[ \t]*ProxyPass(?:Match)?\s"),
    _rule("cloud-init", rf"{_YAML}|[^/]*(?:user[-_]?data|cloud[-_]?(?:init|config))[^/]*", r"\A#cloud-config\s"),
    _rule("kubernetes", _YAML, r"^(?:- |\s*)?apiVersion\s*:", r"^(?:- |\s*)?kind\s*:"),
    _rule("kubernetes", r"kustomization\.ya?ml", r"^(?:resources|bases|patches\w*|components|configMapGenerator)\s*:"),
    _rule("compose", r"[^/]*compose[^/]*\.ya?ml", r"^(?:services|version|include|x-[\w-]+|volumes|networks)\s*:", sure=True),
    _rule("compose", _YAML, r"^services\s*:", r"^\s+(?:image|build|extends)\s*:"),
    _rule("compose", rf"(?:docker-)?compose[^/]*/{_YAML}", r"^services\s*:"),
    Rule("uwsgi", _name(r"[^/]*\.(?:ini|ya?ml|json|xml|conf|uwsgi|cfg)|[^/.]+"), uwsgi.looks_like),
    _rule(
        "supervisor",
        _INI,
        r"^\[(?:(?:program|fcgi-program|group|eventlistener):[^\]]+|supervisord|unix_http_server|supervisorctl)\]",
    ),
    Rule("gunicorn", _name(r"[^/]*\.(?:py|conf|cfg)|[^/]*gunicorn[^/]*"), gunicorn.looks_like),
    Rule("hypercorn", _name(r"[^/]*\.(?:py|toml)"), hypercorn.looks_like),
    _rule("django", r"[^/]*\.py", r"^\s*(?:INSTALLED_APPS|ROOT_URLCONF|MIDDLEWARE)\s*\+?="),
    _rule("python", r"[^/]*\.py", _SERVES),
    Rule("nginx", _name(_NGINX), nginx.looks_like),
    _rule("shell", r"[^/]*\.(?:sh|bash|ash|dash|ksh|zsh)", r"\S"),
    _rule("shell", r"[^/.]+|[^/]*\.(?:in|run|start|init)", r"\A#!.*\b(?:ba|da|a|k|z)?sh\b"),
    _rule(
        "yaml",
        _YAML,
        r"\b(?:gcloud|google-github-actions|az (?:webapp|containerapp)|azure/webapps|AzureWebApp|"
        r"fly(?:ctl)? (?:deploy|launch)|git push|heroku|cloudflared|ngrok|tailscale|certbot|acme\.sh)\b",
    ),
)
_TEMPLATES = re.compile(
    r"\.(?:j2|jinja2?|tmpl|tpl|template|mustache|erb|ejs|sample|dist|example|default|orig|bak|in)$", re.IGNORECASE
)
"""Endings behind a file's real name."""
_NEVER = frozenset(
    """png jpg jpeg gif ico svg webp woff woff2 ttf eot otf css scss less sass js jsx mjs cjs ts tsx vue svelte html htm map pyc
    so o a dll exe zip gz tgz bz2 xz jar pdf mp3 mp4 wav webm mov csv tsv parquet sqlite sqlite3 db po mo pot sum go rs java kt
    rb php c h cc cpp hpp cs swift scala sql ipynb pkl npy npz pt onnx bin dat log patch diff crt pem key snap proto graphql
    md markdown mdx rst adoc txt""".split()
)
"""Endings of what is not ours, unless its name says more."""
_NAMED = re.compile(r"requirements|constraints|\.ebextensions/|nginx", re.IGNORECASE)
_JINJA = re.compile(r"\{%[-+]?\s*\w|\{\{")
_MARKDOWN = re.compile(r"\.(?:md|markdown|mdx|rst|adoc)$", re.IGNORECASE)


_PYTHON = [rule for rule in _RULES if rule.name.fullmatch("module.py")]
_TELLING = (
    *(b"uvicorn", b"WSGIServer", b"waitress", b"hypercorn", b"Granian", b"run_simple", b"serve_forever", b".run(", b"run_app("),
    *(
        b"gunicorn",
        b"daphne",
        b"uwsgi",
        b"INSTALLED_APPS",
        b"ROOT_URLCONF",
        b"MIDDLEWARE",
        b"workers",
        b"worker_class",
        b"\nbind",
    ),
)
"""What a Python file of ours holds one of, whatever it is."""


def worth_decoding(path: str, data: bytes) -> bool:
    """Whether the text can be ours: a quick look at the very many files of Python."""
    name = path.rpartition("/")[2]
    return not name.endswith(".py") or "corn" in name or any(word in data for word in _TELLING) or data[:2] in _UTF16


_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def candidates(path: str) -> list[Rule]:
    """What a file of this name may be."""
    _, dot, ending = path.rpartition(".")
    if ending == "py":
        return _PYTHON
    if dot and ending.lower() in _NEVER and not _NAMED.search(path):
        return []
    name = path
    while behind := _TEMPLATES.search(name):
        name = name[: behind.start()]
    return [rule for rule in _RULES if rule.name.fullmatch(name) or rule.name.fullmatch(path)]


def kind_of(source: SourceFile, rules: list[Rule]) -> str:
    """What the text is, of the kinds that its name allows; empty for something else."""
    return next((rule.kind for rule in rules if rule.holds(source)), "")


_MEANT = {
    "nginx.conf": "nginx",
    "gunicorn.conf.py": "gunicorn",
    "uwsgi.ini": "uwsgi",
    "hypercorn.toml": "hypercorn",
    "supervisord.conf": "supervisor",
    "Dockerfile": "dockerfile",
    "compose.yaml": "compose",
    "docker-compose.yml": "compose",
}


def meant(path: str) -> str:
    """What a file that is no text is surely meant to be, by its name alone; empty where that does not tell."""
    return _MEANT.get(path.rpartition("/")[2], "")


def kind_when_named(path: str) -> str:
    """What a file is that the user names, and that is none of the kinds."""
    if _MARKDOWN.search(path):
        return "markdown"
    suffix = path.rpartition("/")[2].rpartition(".")[2].lower()
    return {"py": "python", "sh": "shell", "yml": "yaml"}.get(suffix, suffix or "text")


def template_of(source: SourceFile, kind: str) -> str:
    """The language of a template that a text is; empty for a text that stands for itself."""
    if kind in ("makefile", "shell", "markdown", "requirements", "platform", "yaml", "terraform", "proxy"):
        return ""
    if kind == "kubernetes" and re.search(r"\{\{-?\s*(?:\.|\$|include\b|if\b|range\b|template\b)", source.text):
        return "Helm template"
    if _JINJA.search(source.text) and kind not in ("python", "django", "compose"):
        return "mustache template" if re.search(r"\{\{[#^/]", source.text) else "Jinja template"
    return "Jinja template" if re.search(r"^\s*\{%[-+]?\s*\w", source.text, re.MULTILINE) else ""
