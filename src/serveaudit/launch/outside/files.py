"""Files that are a sign: a platform's description, another proxy's configuration, a script, a README's advice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from serveaudit.launching import Reach, Sign
from serveaudit.source import SourceFile
from serveaudit.values import Place


class _Known(NamedTuple):
    """A file that is a sign: by its path and what it holds.

    tls      a pattern that says that TLS ends there; None where it always may
    targets  a pattern that finds what requests are passed to: a text for each; None where it does not say
    """

    path: re.Pattern[str]
    holds: re.Pattern[str]
    what: str
    proxies: bool = True
    tls: re.Pattern[str] | None = None
    reach: Reach = "anything"
    targets: re.Pattern[str] | None = None


def _known(path: str, holds: str, what: str, proxies: bool = True, tls: str = "", targets: str = "") -> _Known:
    """Its patterns are asked line by line."""
    return _Known(
        re.compile(rf"(?:^|/){path}$", re.IGNORECASE),
        re.compile(holds, re.MULTILINE),
        what,
        proxies,
        re.compile(tls, re.MULTILINE) if tls else None,
        targets=re.compile(targets, re.MULTILINE) if targets else None,
    )


def _platform(path: str, holds: str, what: str, tls: str = "") -> _Known:
    """A platform that builds and runs the application itself."""
    return _known(path, holds, what, tls=tls)._replace(reach="what it runs")


_SCRIPT = r"(?:[^/]*\.(?:sh|bash|ya?ml)|Makefile|justfile|Jenkinsfile)"
_README = r"README(?:\.(?:md|rst|txt))?"
_TEXT = r"(?:[^/]*\.(?:sh|bash|ya?ml|md|rst|txt)|Makefile|justfile|Dockerfile[^/]*|README)"
_TERRAFORM = (
    "aws_(?:lb|alb|elb|apigatewayv2|apprunner|elastic_beanstalk|cloudfront)|google_cloud_run|google_compute_\\w*https_proxy|"
    "digitalocean_(?:loadbalancer|app)|hcloud_load_balancer|azurerm_(?:app_service|linux_web_app|container_app|"
    "application_gateway|cdn_frontdoor)|cloudflare_(?:record|dns_record|\\w*tunnel\\w*)"
)
_AWS = (
    r"AWS::(?:Serverless::|ElasticLoadBalancing|ElasticBeanstalk::|AppRunner::|CloudFront::Distribution|ApiGateway|"
    r"Lambda::Url)"
)
_CDK = r"\b(?:ApplicationLoadBalance[dr]\w*|CfnLoadBalancer|aws_elasticloadbalancingv2|elbv2|aws_apprunner\w*|CfnEnvironment)\b"
_MOVE = r"(?i)\b(?:put|place|run|deploy|host|serve|use|keep)\b[^.\n]{0,60}\bbehind\s+(?:an?\s+|your\s+|the\s+|some\s+)?"
_FILES = (
    _known(
        r"(?:[^/]*Caddyfile[^/]*|[^/]*\.caddy)",
        r"^[ \t]*(?:[\w-]+[ \t]+\{[ \t]*)?reverse_proxy\b",
        "Caddy",
        tls=r"^(?:localhost\b|\{\$|(?![\s#({}]|http://|:(?!443\b)\d|import\s|[a-z_]+\s+[^{])\S)",
        targets=r"\breverse_proxy\b([^\n]*)",
    ),
    _known(
        r"[^/]*haproxy[^/]*\.cfg[^/]*",
        r"^[ \t]*(?:frontend|listen)\b",
        "HAProxy",
        tls=r"^[ \t]*bind\b.*\bssl\b",
        targets=r"^[ \t]*server\s+\S+\s+(\S+)",
    ),
    _known(
        r"[^/]*(?:\.conf[^/]*|\.htaccess|\.vhost)",
        r"^[ \t]*ProxyPass(?:Match)?\s+\S+",
        "Apache",
        tls=r"(?i)^[ \t]*SSLEngine\s+on|:443>",
        targets=r"^[ \t]*ProxyPass(?:Match)?\s+([^\n]*)",
    ),
    _known(
        r"(?:[^/]*traefik[^/]*|[^/]*traefik[^/]*/(?:.*/)?[^/]+)\.(?:ya?ml|toml)",
        r"^[ \t]*\[*(?:entryPoints|http|routers|providers)\b",
        "Traefik",
        tls=r"(?i):443|certResolver|\btls\b|acme",
        targets=r"^[ \t-]*url\s*[:=]\s*(\S+)",
    ),
    _known(
        r"[^/]*envoy[^/]*\.ya?ml",
        r"^(?:static|dynamic)_resources:",
        "Envoy",
        tls=r"transport_socket|:443",
    ),
    _known(r"[^/]*kong[^/]*\.ya?ml", r"^_format_version:", "Kong"),
    _known(
        r"(?:[^/]*(?:cloudflared|ngrok)[^/]*|\.?cloudflared/[^/]*)\.ya?ml",
        r"^(?:tunnels?|ingress|authtoken|agent|endpoints):",
        "a tunnel",
    ),
    _known(r"[^/]*serve[^/]*\.json", r'"(?:HTTPS|AllowFunnel)"\s*:', "Tailscale"),
    _platform(r"fly[^/]*\.toml", r"^[ \t]*\[*(?:http_service|services|app)\b", "Fly.io's proxy"),
    _platform(r"render\.ya?ml", r"^[ \t]*-?[ \t]*type:\s*(?:web|pserv)", "Render's router"),
    _platform(r"app(?:[.-][\w-]+)?\.ya?ml", r"^runtime:\s*\S+", "App Engine's front end"),
    _platform(r"railway\.(?:json|toml)", r"(?:build|deploy)", "Railway's router"),
    _platform(r"nixpacks\.toml", r"\S", "the platform's router (Nixpacks)"),
    _platform(r"Procfile[^/]*", r"^web\s*:", "the platform's router (Procfile)"),
    _platform(r"app\.json", r'"(?:buildpacks|formation|addons|dokku|scripts)"', "the platform's router (Heroku, Dokku)"),
    _platform(r"heroku\.yml", r"^(?:build|run|setup):", "Heroku's router"),
    _platform(r"scalingo\.json|\.buildpacks|DOKKU_SCALE|captain-definition", r"\S", "the platform's router"),
    _known(r"\.ebextensions/[^/]*", r"\S", "Elastic Beanstalk's balancer"),
    _known(r"Dockerrun\.aws\.json", r'"AWSEBDockerrunVersion"', "Elastic Beanstalk's balancer"),
    _known(r"\.elasticbeanstalk/config\.ya?ml", r"\S", "Elastic Beanstalk's balancer"),
    _platform(r"apprunner\.ya?ml", r"^runtime:", "App Runner's router"),
    _platform(r"vercel\.json", r"\S", "Vercel's edge"),
    _platform(r"netlify\.toml", r"\S", "Netlify's edge"),
    _platform(r"zappa_settings\.(?:json|ya?ml|toml)", r"\S", "API Gateway (Zappa)"),
    _platform(r"serverless\.ya?ml", r"^(?:provider|service):", "the platform's gateway (Serverless)"),
    _known(r"[^/]*\.(?:ya?ml|json|template)", rf"\b{_AWS}", "a balancer or gateway that CloudFormation sets up"),
    _known(r"[^/]*stack[^/]*\.(?:ts|py)", _CDK, "a balancer or gateway that the AWS CDK sets up"),
    _platform(
        r"copilot/[^/]+/manifest\.ya?ml", r"^type:\s*(?:Load Balanced|Request-Driven) Web Service", "AWS Copilot's balancer"
    ),
    _platform(r"\.do/(?:app|deploy\.template)\.ya?ml", r"\bservices:", "DigitalOcean App Platform's router"),
    _platform(r"[^/]*\.json", r'"containerDefinitions"\s*:', "an ECS service's balancer"),
    _platform(r"(?:[^/]*manifest[^/]*)\.ya?ml", r"^applications:", "Cloud Foundry's router"),
    _platform(
        r"config/deploy[^/]*\.ya?ml",
        r"^(?:proxy|traefik|servers):",
        "kamal-proxy",
        tls=r"^[ \t]+ssl:\s*true|443|traefik",
    ),
    _platform(r"\.platform\.app\.ya?ml|\.upsun/config\.ya?ml|koyeb\.ya?ml", r"\S", "the platform's router"),
    _platform(r"azure\.ya?ml", r"^[ \t]+host:\s*(?:containerapp|appservice)", "Azure's front end"),
    _known(r"[^/]*\.tf", rf'^resource\s+"(?:{_TERRAFORM})', "a balancer or platform that Terraform sets up"),
    _known(r"[^/]*\.bicep", r"Microsoft\.(?:Web/sites|App/containerApps|Network/applicationGateways)", "Azure's front end"),
    _platform(
        _SCRIPT,
        r"\b(?:gcloud\s+(?:beta\s+)?run\s+(?:deploy|services)|google-github-actions/deploy-cloudrun)\b|"
        r"['\"]?\brun['\"]?\s*,\s*['\"]?deploy\b|^[ \t]*-[ \t]*['\"]?run['\"]?[ \t]*\n[ \t]*-[ \t]*['\"]?deploy\b",
        "Cloud Run's front end",
    ),
    _platform(_SCRIPT, r"\bgcloud\s+app\s+deploy\b", "App Engine's front end"),
    _known(_SCRIPT, r"\b(?:az\s+(?:webapp|containerapp)\b|azure/webapps-deploy\b|AzureWebApp)", "Azure's front end"),
    _platform(_SCRIPT, r"\b(?:flyctl|fly)\s+(?:deploy|launch)\b", "Fly.io's proxy"),
    _platform(
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
    _known(
        _README,
        rf"{_MOVE}(?:(?:TLS|SSL|HTTPS)[- ]\w+|load[- ]balancer|Cloudflare|CDN|A?ELB|Traefik|Caddy|HAProxy)",
        "the proxy that its README asks for",
    ),
    _known(_README, rf"{_MOVE}(?:reverse[- ]prox|proxy|nginx|Apache)", "the proxy that its README asks for")._replace(
        reach="bare servers"
    ),
)
_BESIDES = re.compile(rf"{_README}|(?:[^/]+/){{0,6}}[^/]*stack[^/]*\.(?:ts|py)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:(?P<scheme>https?|h2c|wss?)://)?(?P<host>[\w.-]*)(?::(?P<port>\d{1,5}))?/?")
_PORTS = {"https": 443, "wss": 443}


def may_tell(path: str) -> bool:
    """Whether a file that nothing else is read from may be a sign: a README, a stack of the AWS CDK."""
    return bool(_BESIDES.fullmatch(path))


def of_files(files: Mapping[str, SourceFile]) -> list[Sign]:
    """Signs in the files of a repository, by path: a platform's description, another proxy's configuration, a script."""
    found = []
    for path, source in files.items():
        for known in _FILES:
            match = known.holds.search(source.text) if known.path.search(path) else None
            if match:
                line = source.position(match.start() + len(match[0]) - len(match[0].lstrip())).line
                tls = known.tls is None or bool(known.tls.search(source.text))
                targets = _targets(known.targets, source.text) if known.targets else frozenset()
                found.append(Sign(known.what, Place(source.line_span(line)), known.proxies, tls, known.reach, targets))
    return found


def _targets(pattern: re.Pattern[str], text: str) -> frozenset[tuple[str, int]]:
    """Host and port of everything that requests are passed to; nothing where one of them can't be told."""
    found = set()
    for match in pattern.finditer(text):
        words = [word.strip("\"'") for word in match[1].split("#")[0].split() if word[0] not in "/@*^{"]
        addresses = [_ADDRESS.fullmatch(word) for word in words if word != "!" and "=" not in word]
        if not addresses or not all(addresses):
            return frozenset()
        found |= {(each["host"], int(each["port"] or _PORTS.get(each["scheme"], 80))) for each in addresses if each}
    return frozenset(found)
