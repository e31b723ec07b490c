"""Signs that something which is not audited stands before a server: a proxy, a balancer, a tunnel, a platform's router.

One is enough to keep rules quiet that are about the edge, so a sign may be weak; `terminates_tls` says whether TLS may end
there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from serveaudit.launching import Machine, Sign
from serveaudit.source import SourceFile
from serveaudit.values import Items, Place, Value


class _Known(NamedTuple):
    """A file that is a sign: by its path and what it holds. `tls` is a pattern that says that TLS ends there; "" where it
    always may."""

    path: re.Pattern[str]
    holds: re.Pattern[str]
    what: str
    tls: str = ""
    proxies: bool = True


def _known(path: str, holds: str, what: str, tls: str = "", proxies: bool = True) -> _Known:
    return _Known(re.compile(rf"(?:^|/){path}$", re.IGNORECASE), re.compile(holds, re.MULTILINE), what, tls, proxies)


_SCRIPT = r"(?:[^/]*\.(?:sh|bash|ya?ml)|Makefile|justfile|Jenkinsfile)"
_TEXT = r"(?:[^/]*\.(?:sh|bash|ya?ml|md|rst|txt)|Makefile|justfile|Dockerfile[^/]*)"
_TERRAFORM = (
    "aws_(?:lb|alb|elb|apigatewayv2|cloudfront)|google_cloud_run|digitalocean_loadbalancer|"
    "azurerm_(?:app_service|linux_web_app|container_app)"
)
_FILES = (
    _known(
        r"[^/]*Caddyfile[^/]*",
        r"^[ \t]*reverse_proxy\b",
        "Caddy",
        r"(?m)^(?:localhost\b|(?![\s#({}]|http://|:80\b|:8080\b|[a-z_]+\s)\S)",
    ),
    _known(r"[^/]*haproxy[^/]*\.cfg[^/]*", r"^[ \t]*(?:frontend|listen)\b", "HAProxy", r"(?m)^[ \t]*bind\b.*\bssl\b"),
    _known(
        r"[^/]*(?:\.conf[^/]*|\.htaccess|\.vhost)",
        r"^[ \t]*ProxyPass(?:Match)?\s+\S+",
        "Apache",
        r"(?im)^[ \t]*SSLEngine\s+on|:443>",
    ),
    _known(
        r"[^/]*traefik[^/]*\.(?:ya?ml|toml)",
        r"^[ \t]*\[*(?:entryPoints|http|routers|providers)\b",
        "Traefik",
        r"(?i):443|certResolver|\btls\b|acme",
    ),
    _known(r"fly[^/]*\.toml", r"^[ \t]*\[*(?:http_service|services|app)\b", "Fly.io's proxy"),
    _known(r"render\.ya?ml", r"^[ \t]*-?\s*type:\s*(?:web|pserv)", "Render's router"),
    _known(r"app(?:[.-][\w-]+)?\.ya?ml", r"^runtime:\s*\S+", "App Engine's front end"),
    _known(r"railway\.(?:json|toml)", r"(?:build|deploy)", "Railway's router"),
    _known(r"nixpacks\.toml", r"\S", "the platform's router (Nixpacks)"),
    _known(r"Procfile[^/]*", r"^web\s*:", "the platform's router (Procfile)"),
    _known(r"app\.json", r'"(?:buildpacks|formation|addons|dokku|scripts)"', "the platform's router (Heroku, Dokku)"),
    _known(r"heroku\.yml", r"^(?:build|run|setup):", "Heroku's router"),
    _known(r"scalingo\.json|\.buildpacks|DOKKU_SCALE|captain-definition", r"\S", "the platform's router"),
    _known(r"\.ebextensions/[^/]*", r"\S", "Elastic Beanstalk's balancer"),
    _known(r"Dockerrun\.aws\.json", r'"AWSEBDockerrunVersion"', "Elastic Beanstalk's balancer"),
    _known(r"\.elasticbeanstalk/config\.ya?ml", r"\S", "Elastic Beanstalk's balancer"),
    _known(r"apprunner\.ya?ml", r"^runtime:", "App Runner's router"),
    _known(r"vercel\.json", r"\S", "Vercel's edge"),
    _known(r"netlify\.toml", r"\S", "Netlify's edge"),
    _known(r"zappa_settings\.(?:json|ya?ml|toml)", r"\S", "API Gateway (Zappa)"),
    _known(r"serverless\.ya?ml", r"^(?:provider|service):", "the platform's gateway (Serverless)"),
    _known(r"(?:template|sam)\.ya?ml", r"AWS::(?:Serverless|ElasticLoadBalancingV2)", "AWS's gateway or balancer"),
    _known(
        r"copilot/[^/]+/manifest\.ya?ml", r"^type:\s*(?:Load Balanced|Request-Driven) Web Service", "AWS Copilot's balancer"
    ),
    _known(r"\.do/(?:app|deploy\.template)\.ya?ml", r"\bservices:", "DigitalOcean App Platform's router"),
    _known(r"[^/]*\.json", r'"containerDefinitions"\s*:', "an ECS service's balancer"),
    _known(r"(?:[^/]*manifest[^/]*)\.ya?ml", r"^applications:", "Cloud Foundry's router"),
    _known(r"config/deploy[^/]*\.ya?ml", r"^(?:proxy|traefik):", "kamal-proxy", r"(?m)^\s+ssl:\s*true|443|traefik"),
    _known(r"\.platform\.app\.ya?ml|\.upsun/config\.ya?ml|koyeb\.ya?ml", r"\S", "the platform's router"),
    _known(r"[^/]*\.tf", rf'^resource\s+"(?:{_TERRAFORM})', "a balancer or platform that Terraform sets up"),
    _known(
        r"[^/]*(?:cloudflared|ngrok)[^/]*\.ya?ml|\.cloudflared/config\.ya?ml", r"^(?:tunnels?|ingress|authtoken):", "a tunnel"
    ),
    _known(
        _SCRIPT,
        r"\b(?:gcloud\s+(?:beta\s+)?run\s+(?:deploy|services)|google-github-actions/deploy-cloudrun)\b",
        "Cloud Run's front end",
    ),
    _known(_SCRIPT, r"\bgcloud\s+app\s+deploy\b", "App Engine's front end"),
    _known(_SCRIPT, r"\b(?:az\s+(?:webapp|containerapp)|azure/webapps-deploy)\b", "Azure's front end"),
    _known(_SCRIPT, r"\b(?:flyctl|fly)\s+(?:deploy|launch)\b", "Fly.io's proxy"),
    _known(
        _SCRIPT,
        r"\bgit\s+push\s+(?:heroku|dokku)\b|\bheroku\s+(?:create|container:push)\b",
        "the platform's router (Heroku, Dokku)",
    ),
    _known(_SCRIPT, r"\b(?:cloudflared\s+tunnel|ngrok\s+(?:http|start|tls)|tailscale\s+(?:serve|funnel))\b", "a tunnel"),
    _known(
        _TEXT,
        r"\b(?:certbot(?:-auto)?\s+(?:certonly|run|renew|--\w+)|acme\.sh\s+--|python3?-certbot-nginx)\b",
        "certbot",
        proxies=False,
    ),
)
_IMAGES = tuple(
    (re.compile(rf"(?:^|/)(?:{pattern})(?::|@|$)"), what, proxies)
    for pattern, what, proxies in (
        ("traefik", "Traefik", True),
        (r"caddy|caddy-docker-proxy|caddy-[\w-]+", "Caddy", True),
        (r"haproxy(?:-\w+)?|haproxytech/[\w-]+", "HAProxy", True),
        (
            "nginx-proxy|nginx-proxy-manager|https-portal|swag|docker-nginx-auto-ssl|nginx-certbot|bunkerweb",
            "a proxy that manages certificates",
            True,
        ),
        ("letsencrypt-nginx-proxy-companion|acme-companion|acme\\.sh|certbot|dns-cloudflare", "certbot", False),
        ("cloudflared", "a Cloudflare tunnel", True),
        ("ngrok", "an ngrok tunnel", True),
        ("tailscale", "Tailscale", True),
        (r"envoy|envoyproxy/envoy|kong|kong-gateway|apisix|pomerium|oauth2-proxy|zoraxy|tyk-gateway", "a gateway", True),
        ("httpd", "Apache", True),
    )
)
_TRAEFIK_TLS = re.compile(r"\.tls(?:\.|$)|redirectscheme\.scheme|entrypoints?$|ssl", re.IGNORECASE)
_SECURE = re.compile(r"secure|https|443|tls", re.IGNORECASE)
_PROXY_NETWORK = re.compile(r"traefik|proxy|caddy|ingress|gateway|\bnpm\b|swag|edge", re.IGNORECASE)
_VARIABLES = {"VIRTUAL_HOST": "nginx-proxy", "LETSENCRYPT_HOST": "nginx-proxy", "SITES": "https-portal"}


def of_files(files: Mapping[str, SourceFile]) -> list[Sign]:
    """Signs in the files of a repository, by path: a platform's description, another proxy's configuration, a script."""
    found = []
    for path, source in files.items():
        for known in _FILES:
            match = known.holds.search(source.text) if known.path.search(path) else None
            if match:
                line = source.position(match.start() + len(match[0]) - len(match[0].lstrip())).line
                tls = not known.tls or bool(re.search(known.tls, source.text))
                found.append(Sign(known.what, Place(source.line_span(line)), known.proxies, tls))
    return found


def of_group(machines: Sequence[Machine]) -> list[Sign]:
    """Proxies and tunnels among the machines themselves."""
    return [sign for machine in machines for sign in _by_image(machine)]


def of_machine(machine: Machine, machines: Sequence[Machine] = ()) -> list[Sign]:
    """Signs on one machine itself: labels, variables and networks that a proxy goes by. `machines` is its whole group."""
    return [*_by_labels(machine, machines), *_by_variables(machine), *_by_networks(machine)]


def _by_image(machine: Machine) -> Iterator[Sign]:
    if not isinstance(machine.image.x, str):
        return
    for pattern, what, proxies in _IMAGES:
        if pattern.search(machine.image.x):
            tls = what not in ("Traefik", "HAProxy", "Apache", "a gateway") or _secure(machine)
            yield Sign(what, machine.image.places[0] if machine.image.places else machine.place, proxies, tls)
            return


def _secure(machine: Machine) -> bool:
    """Whether a proxy's machine takes TLS: by its ports, or by the words that it is started with."""
    if (
        any(each.host_port.x == 443 or each.port.x in (443, 8443) for each in machine.published)
        or machine.host_network.x is True
    ):
        return True
    words = [word.x for unit in machine.units for step in unit.steps for word in step.argv]
    return any(isinstance(word, str) and ("certificatesresolvers" in word.lower() or ":443" in word) for word in words)


def _by_labels(machine: Machine, machines: Sequence[Machine]) -> Iterator[Sign]:
    labels = machine.labels
    traefik = {name: value for name, value in labels.items() if name.startswith("traefik.")}
    if traefik and labels.get("traefik.enable", Value("true")).x != "false" and not _is_traefik(machine):
        own = [each for each in machines if _is_traefik(each)]
        tls = any(_says_tls(name, value) for name, value in traefik.items()) or not own or any(map(_secure, own))
        yield Sign("Traefik", _place(next(iter(traefik.values())), machine), terminates_tls=tls)
    for name, value in labels.items():
        if re.fullmatch(r"caddy(?:_\d+)?(?:\..*)?", name):
            yield Sign("Caddy", _place(value, machine))
            return


def _is_traefik(machine: Machine) -> bool:
    return isinstance(machine.image.x, str) and bool(_IMAGES[0][0].search(machine.image.x))


def _says_tls(name: str, value: Value[Any]) -> bool:
    """Whether one of Traefik's labels says that TLS ends there."""
    if not _TRAEFIK_TLS.search(name) or value.x == "false":
        return False
    return (
        not name.lower().endswith(("entrypoints", "entrypoint"))
        or not isinstance(value.x, str)
        or bool(_SECURE.search(value.x))
    )


def _by_variables(machine: Machine) -> Iterator[Sign]:
    for name, what in _VARIABLES.items():
        value = machine.env.variables.get(name)
        if value is not None and value.x not in (None, ""):
            yield Sign(what, _place(value, machine))
            return


def _by_networks(machine: Machine) -> Iterator[Sign]:
    """A network that another project sets up, and whose name tells of a proxy."""
    external = machine.keys.get("external_networks", Value(Items(()))).x
    for value in external if isinstance(external, Items) else ():
        if isinstance(value.x, str) and _PROXY_NETWORK.search(value.x):
            yield Sign(f"the external network {value.x}", _place(value, machine))
            return


def _place(value: Value[Any], machine: Machine) -> Place:
    return value.places[0] if value.places else machine.place
