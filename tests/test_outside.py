"""What stands before a deployment: small repositories, and what is said of each."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from folders import deployed
from serveaudit import edge
from serveaudit.audit import audit
from serveaudit.config import Config
from serveaudit.finding import Certainty

RULES = (
    "no-reverse-proxy",
    "sync-worker-without-proxy",
    "no-tls-anywhere",
    "app-served-in-plain-text",
    "no-effective-hsts",
    "scheme-from-client",
    "tls-port-without-ssl",
    "outer-https-overwritten",
    "any-peer-trusted",
)


class Shape(NamedTuple):
    """before   the proxies that may face the clients
    tls      whether TLS may end outside
    said     the rules about the edge that speak
    """

    files: dict[str, str]
    before: set[str]
    tls: bool
    said: frozenset[str] | set[str] = frozenset()


SERVER = "uvicorn api:app --host 0.0.0.0 --workers 2"
API = f"""
services:
  api:
    image: example/api
    command: {SERVER}
    ports: ["8000:8000"]
"""
INNER = API.replace('    ports: ["8000:8000"]\n', "")
BARE = {"no-reverse-proxy"}
IMAGE = {"Dockerfile": f"FROM python:3.12\nCOPY . /srv\nEXPOSE 8000\nCMD {SERVER}\n"}
SITE = """
server {
    listen 80;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
"""
UNIT = "[Service]\nUser=shop\nExecStart=/srv/venv/bin/uvicorn api:app --host 0.0.0.0 --workers 2\n"
HOST = {"gunicorn.service": UNIT.replace(" --host 0.0.0.0", ""), "nginx.conf": SITE}
PLAIN = {"no-tls-anywhere"}
NGINX = """
  nginx:
    image: nginx:1.27
    ports: ["{ports}"]
    volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
"""
CONTAINER_SITE = SITE.replace("127.0.0.1", "api")


def labels(*lines: str) -> str:
    return API + "    labels:\n" + "".join(f'      - "{line}"\n' for line in lines)


def in_containers(ports: str = "80:80", site: str = CONTAINER_SITE) -> dict[str, str]:
    return {"compose.yaml": INNER + NGINX.format(ports=ports), "site.conf": site}


def pod(*documents: str, service: str = "ClusterIP") -> dict[str, str]:
    deployment = """apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
        - name: api
          image: example/api
          command: [uvicorn, "api:app", --host, 0.0.0.0, --workers, "2"]
"""
    front = f"""apiVersion: v1
kind: Service
metadata: {{name: api}}
spec: {{type: {service}, selector: {{app: api}}, ports: [{{port: 80, targetPort: 8000}}]}}
"""
    return {"k8s/api.yaml": "---\n".join([deployment, front, *documents])}


INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: api, annotations: {%s}}
spec:
  rules: [{host: api.example.com, http: {paths: [{path: /, backend: {service: {name: api, port: {number: 80}}}}]}}]
"""
CADDY = "api.example.com {\n    reverse_proxy api:8000\n}\n"

SHAPES = {
    # containers' labels and variables
    "Traefik 3 by labels": Shape(
        {"compose.yaml": labels("traefik.http.routers.a.rule=Host(`a.example.com`)", "traefik.http.routers.a.tls=true")},
        {"Traefik"},
        True,
    ),
    "Traefik 1 by labels": Shape(
        {"compose.yaml": labels("traefik.enable=true", "traefik.frontend.rule=Host:a.example.com", "traefik.port=8000")},
        {"Traefik"},
        True,
    ),
    "Traefik 2 by labels of a swarm's service": Shape(
        {
            "compose.yaml": API
            + "    deploy:\n      labels:\n        - traefik.http.routers.a.entrypoints=websecure\n"
            + "        - traefik.http.services.a.loadbalancer.server.port=8000\n"
        },
        {"Traefik"},
        True,
    ),
    "Traefik of the same project without TLS": Shape(
        {
            "compose.yaml": labels(
                "traefik.http.routers.a.rule=Host(`a.example.com`)", "traefik.http.routers.a.entrypoints=web"
            )
            + "  traefik:\n    image: traefik:v3.1\n    command: [--providers.docker]\n    ports: ['80:80']\n"
        },
        {"Traefik"},
        False,
    ),
    "Traefik before an nginx": Shape(
        {
            "compose.yaml": INNER
            + NGINX.format(ports="8080:80")
            + "    labels: ['traefik.http.routers.a.tls.certresolver=le']\n",
            "site.conf": CONTAINER_SITE.replace("X-Forwarded-Proto $scheme", "X-Real-IP $remote_addr"),
        },
        {"Traefik"},
        True,
    ),
    "Traefik's own files": Shape(
        {
            "compose.yaml": API,
            "traefik/traefik.yml": "entryPoints:\n  websecure: {address: ':443'}\nproviders:\n  file: {directory: dynamic}\n",
            "traefik/dynamic/api.yml": "http:\n  services:\n    api:\n      loadBalancer:\n        servers:\n"
            "          - url: http://api:8000\n",
        },
        {"Traefik"},
        True,
    ),
    "caddy-docker-proxy by labels": Shape(
        {"compose.yaml": labels("caddy=api.example.com", "caddy.reverse_proxy={{upstreams 8000}}")}, {"Caddy"}, True
    ),
    "nginx-proxy and its companion": Shape(
        {
            "compose.yaml": API
            + "    environment: {VIRTUAL_HOST: a.example.com, LETSENCRYPT_HOST: a.example.com}\n"
            + "  proxy:\n    image: nginxproxy/nginx-proxy\n    ports: ['80:80', '443:443']\n"
            + "  acme:\n    image: nginxproxy/acme-companion\n"
        },
        {"nginx-proxy", "a proxy that manages certificates"},
        True,
    ),
    "swag of linuxserver": Shape(
        {"compose.yaml": API + "  swag:\n    image: lscr.io/linuxserver/swag\n    ports: ['443:443']\n"},
        {"a proxy that manages certificates"},
        True,
    ),
    "Nginx Proxy Manager in a project of its own": Shape(
        {
            "app/compose.yaml": API,
            "proxy/compose.yaml": "services:\n  npm:\n    image: jc21/nginx-proxy-manager:2\n    ports: ['80:80', '443:443']\n",
        },
        {"a proxy that manages certificates"},
        True,
    ),
    "a network that a proxy set up": Shape(
        {"compose.yaml": API + "    networks: [traefik]\nnetworks:\n  traefik: {external: true}\n"},
        {"the external network traefik"},
        True,
    ),
    "Coolify's variables": Shape(
        {"compose.yaml": API + "    environment: [SERVICE_FQDN_API_8000]\n"}, {"Coolify's proxy"}, True
    ),
    "Dokploy's network": Shape(
        {"compose.yaml": API + "    networks: [dokploy-network]\nnetworks:\n  dokploy-network: {external: true}\n"},
        {"the external network dokploy-network"},
        True,
    ),
    "a Cloudflare tunnel among the containers": Shape(
        {"compose.yaml": API + "  tunnel:\n    image: cloudflare/cloudflared\n    command: tunnel run\n"},
        {"a Cloudflare tunnel"},
        True,
    ),
    # other proxies' configurations
    "Caddy": Shape({"compose.yaml": API, "Caddyfile": CADDY}, {"Caddy"}, True),
    "Caddy without TLS": Shape(
        {"compose.yaml": API, "Caddyfile": ":8080 {\n    reverse_proxy api:8000\n}\n"}, {"Caddy"}, False
    ),
    "Caddy at an address of the environment": Shape(
        {"compose.yaml": API, "Caddyfile": "{$SITE_ADDRESS} {\n    reverse_proxy {$UPSTREAM}\n}\n"}, {"Caddy"}, True
    ),
    "Caddy with a snippet and an import": Shape(
        {
            "compose.yaml": API,
            "Caddyfile": "(api) {\n    reverse_proxy /api/* http://api:8000\n}\n\na.example.com {\n    import api\n}\n",
        },
        {"Caddy"},
        True,
    ),
    "Caddy's sites in files of their own": Shape(
        {"compose.yaml": API, "caddy/Caddyfile": "import sites/*\n", "caddy/sites/api.caddy": CADDY}, {"Caddy"}, True
    ),
    "Caddy on another machine": Shape(
        {**HOST, "edge/Caddyfile": "shop.example.com {\n    reverse_proxy 10.0.0.5:80\n}\n"}, {"Caddy"}, True
    ),
    "HAProxy": Shape(
        {
            "compose.yaml": API,
            "haproxy.cfg": "frontend www\n  bind *:443 ssl crt /x.pem\nbackend a\n  server a api:8000 check\n",
        },
        {"HAProxy"},
        True,
    ),
    "Apache": Shape(
        {
            "api.service": UNIT,
            "apache/api.conf": "<VirtualHost *:443>\n  SSLEngine on\n  ProxyPass / http://127.0.0.1:8000/\n</VirtualHost>\n",
        },
        {"Apache"},
        True,
    ),
    "Envoy": Shape(
        {
            "compose.yaml": API,
            "envoy.yaml": "static_resources:\n  listeners:\n    - address: {socket_address: {port_value: 443}}\n"
            "      filter_chains: [{transport_socket: {name: tls}}]\n",
        },
        {"Envoy"},
        True,
    ),
    "Kong": Shape(
        {"compose.yaml": API, "kong.yml": "_format_version: '3.0'\nservices:\n  - url: http://api:8000\n"}, {"Kong"}, True
    ),
    "cloudflared's file": Shape(
        {"api.service": UNIT, "cloudflared/config.yml": "tunnel: x\ningress:\n  - service: http://localhost:8000\n"},
        {"a tunnel"},
        True,
    ),
    "ngrok": Shape({"run.sh": f"{SERVER} &\nngrok http 8000\n"}, {"a tunnel"}, True),
    "Tailscale's funnel": Shape({"api.service": UNIT, "setup.sh": "tailscale funnel --bg 8000\n"}, {"a tunnel"}, True),
    "Tailscale's file": Shape(
        {"compose.yaml": API, "ts/serve.json": '{"TCP": {"443": {"HTTPS": true}}, "Web": {"x:443": {}}}'}, {"Tailscale"}, True
    ),
    # Kubernetes
    "an Ingress with TLS": Shape(
        pod(INGRESS % "" + "  tls: [{hosts: [api.example.com], secretName: x}]\n"), {"the Ingress api"}, True
    ),
    "an Ingress without": Shape(pod(INGRESS % ""), {"the Ingress api"}, False),
    "an Ingress with certificates of Google": Shape(
        pod(INGRESS % "networking.gke.io/managed-certificates: api", service="NodePort"), {"the Ingress api"}, True
    ),
    "an Ingress with certificates of Amazon": Shape(
        pod(INGRESS % "alb.ingress.kubernetes.io/certificate-arn: 'arn:aws:acm:x'", service="NodePort"),
        {"the Ingress api"},
        True,
    ),
    "an Ingress that listens for https alone": Shape(
        pod(INGRESS % """alb.ingress.kubernetes.io/listen-ports: '[{"HTTPS":443}]'"""), {"the Ingress api"}, True
    ),
    "cert-manager": Shape(pod(INGRESS % "cert-manager.io/cluster-issuer: le"), {"the Ingress api"}, True),
    "a Gateway's route": Shape(
        pod(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: api}\n"
            "spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: api, port: 80}]}]}\n"
        ),
        {"the HTTPRoute api"},
        True,
    ),
    "a route of OpenShift": Shape(
        pod(
            "apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: api}\n"
            "spec: {to: {kind: Service, name: api}, tls: {termination: edge}}\n"
        ),
        {"the Route api"},
        True,
    ),
    "a proxy of Contour": Shape(
        pod(
            "apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: api}\n"
            "spec: {virtualhost: {fqdn: a.example.com, tls: {secretName: x}}, routes: [{services: [{name: api, port: 80}]}]}\n"
        ),
        {"the HTTPProxy api"},
        True,
    ),
    # clouds and platforms
    "a balancer by Terraform": Shape(
        {**HOST, "infra/main.tf": 'resource "aws_lb" "front" {\n}\n'}, {"a balancer or platform that Terraform sets up"}, True
    ),
    "a balancer by CloudFormation": Shape(
        {**HOST, "cloud/stack.yaml": "Resources:\n  Front:\n    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n"},
        {"a balancer or gateway that CloudFormation sets up"},
        True,
    ),
    "a balancer by the CDK": Shape(
        {
            **HOST,
            "infra/lib/shop-stack.ts": "import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';\n",
        },
        {"a balancer or gateway that the AWS CDK sets up"},
        True,
    ),
    "a function by SAM": Shape(
        {"run.sh": SERVER, "template.yaml": "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n"},
        {"a balancer or gateway that CloudFormation sets up"},
        True,
    ),
    "Elastic Beanstalk": Shape(
        {"compose.yaml": API, ".ebextensions/01.config": "option_settings:\n  x: y\n"}, {"Elastic Beanstalk's balancer"}, True
    ),
    "App Engine": Shape(
        {"app.yaml": f"runtime: python312\nentrypoint: {SERVER}\n", "run.sh": SERVER}, {"App Engine's front end"}, True
    ),
    "Cloud Run by Cloud Build": Shape(
        {**IMAGE, "cloudbuild.yaml": "steps:\n  - name: gcr.io/cloud-builders/gcloud\n    args: ['run', 'deploy', 'api']\n"},
        {"Cloud Run's front end"},
        True,
    ),
    "Cloud Run's service": Shape(
        {
            **IMAGE,
            "service.yaml": "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: api}\n"
            "spec: {template: {spec: {containers: [{image: x}]}}}\n",
        },
        {"the platform's router (Knative, Cloud Run)"},
        True,
    ),
    "Azure's pipeline": Shape(
        {"compose.yaml": API, "azure-pipelines.yml": "steps:\n  - task: AzureWebApp@1\n"}, {"Azure's front end"}, True
    ),
    "Azure by Bicep": Shape(
        {"run.sh": SERVER, "infra/main.bicep": "resource app 'Microsoft.App/containerApps@2024-03-01' = {\n}\n"},
        {"Azure's front end"},
        True,
    ),
    "Heroku's Procfile beside a compose file of developers": Shape(
        {"docker-compose.yml": API, "Procfile": "web: uvicorn api:app --port $PORT\n"},
        {"the platform's router (Procfile)"},
        True,
    ),
    "Heroku's app.json": Shape(
        {**IMAGE, "app.json": '{"formation": {"web": {"quantity": 1}}}'}, {"the platform's router (Heroku, Dokku)"}, True
    ),
    "Fly.io": Shape({"run.sh": SERVER, "fly.toml": "[http_service]\ninternal_port = 8000\n"}, {"Fly.io's proxy"}, True),
    "Render": Shape({"run.sh": SERVER, "render.yaml": "services:\n  - type: web\n"}, {"Render's router"}, True),
    "Railway": Shape({"run.sh": SERVER, "railway.json": '{"deploy": {}}'}, {"Railway's router"}, True),
    "DigitalOcean's platform": Shape(
        {"run.sh": SERVER, ".do/app.yaml": "name: x\nservices:\n  - http_port: 8000\n"},
        {"DigitalOcean App Platform's router"},
        True,
    ),
    "Dokku by a push": Shape(
        {"run.sh": SERVER, "deploy.sh": "git push dokku main\n"}, {"the platform's router (Heroku, Dokku)"}, True
    ),
    "Kamal": Shape(
        {**IMAGE, "config/deploy.yml": "service: api\nproxy:\n  ssl: true\n  host: a.example.com\nservers: [10.0.0.1]\n"},
        {"kamal-proxy"},
        True,
    ),
    "Kamal without TLS": Shape(
        {**IMAGE, "config/deploy.yml": "service: api\nproxy:\n  ssl: false\nservers: [10.0.0.1]\n"}, {"kamal-proxy"}, False
    ),
    "CapRover": Shape(
        {**IMAGE, "captain-definition": '{"schemaVersion": 2, "dockerfilePath": "./Dockerfile"}'},
        {"the platform's router"},
        True,
    ),
    # how nginx itself is set up
    "nginx speaks the PROXY protocol": Shape(
        {**HOST, "nginx.conf": SITE.replace("listen 80", "listen 80 proxy_protocol")}, set(), True
    ),
    "nginx takes addresses from private networks": Shape(
        {**HOST, "nginx.conf": SITE.replace("    location", "    set_real_ip_from 10.0.0.0/8;\n    location")}, set(), True
    ),
    "nginx takes addresses from Cloudflare": Shape(
        {
            **HOST,
            "nginx.conf": SITE.replace(
                "    location", "    set_real_ip_from 173.245.48.0/20;\n    real_ip_header CF-Connecting-IP;\n    location"
            ),
        },
        set(),
        True,
    ),
    "nginx is published on loopback": Shape(in_containers("127.0.0.1:8080:80"), set(), False),
    "nginx is published at a high port": Shape(in_containers("8080:80"), set(), False),
    "a script asks certbot for certificates": Shape(
        {**HOST, "install.sh": "certbot --nginx -d shop.example.com\n"}, set(), True
    ),
    "a README asks certbot for certificates": Shape({**HOST, "README.md": "Then:\n\n    sudo certbot --nginx\n"}, set(), True),
    "a README asks for a balancer": Shape(
        {**HOST, "README.md": "Put this behind a TLS-terminating load balancer.\n"},
        {"the proxy that its README asks for"},
        True,
    ),
    "a README asks for a proxy": Shape(
        {"compose.yaml": API, "README.md": "In production run it behind a reverse proxy.\n"},
        {"the proxy that its README asks for"},
        True,
    ),
    # nothing outside
    "nothing but the application": Shape({"compose.yaml": API}, set(), False, BARE),
    "sync workers and nothing else": Shape(
        {"compose.yaml": API.replace(SERVER, "gunicorn -w 4 -b 0.0.0.0:8000 shop.wsgi")},
        set(),
        False,
        {"sync-worker-without-proxy"},
    ),
    "a service of systemd": Shape({"api.service": UNIT}, set(), False, BARE),
    "a balancer of the fourth layer": Shape(pod(service="LoadBalancer"), set(), False, BARE),
    "nginx on a host": Shape(HOST, set(), False, PLAIN),
    "nginx is published as port 80": Shape(in_containers(), set(), False, PLAIN),
    "nginx on a host with TLS for one port": Shape(
        {
            **HOST,
            "nginx.conf": SITE.replace(
                "listen 80;", "listen 80;\n    listen 443 ssl;\n    ssl_certificate /x.pem;\n    ssl_certificate_key /x.key;"
            ),
        },
        set(),
        False,
        {"app-served-in-plain-text"},
    ),
    "an example for Traefik among the documents": Shape(
        {"compose.yaml": API, "docs/traefik.yml": "entryPoints:\n  websecure: {address: ':443'}\n"}, set(), False, BARE
    ),
    "an example of a Caddyfile": Shape({"compose.yaml": API, "Caddyfile.example": CADDY}, set(), False, BARE),
    "a Caddyfile for another service": Shape(
        {"compose.yaml": API, "Caddyfile": "grafana.example.com {\n    reverse_proxy grafana:3000\n}\n"}, set(), False, BARE
    ),
    "a Caddyfile that serves files": Shape(
        {"compose.yaml": API, "Caddyfile": "example.com {\n    root * /srv\n    file_server\n}\n"}, set(), False, BARE
    ),
    "HAProxy before a database": Shape(
        {"compose.yaml": API, "haproxy.cfg": "listen pg\n  bind *:5432\n  server a db1:5432\n  server b db2:5432 backup\n"},
        set(),
        False,
        BARE,
    ),
    "Traefik's labels that switch it off": Shape({"compose.yaml": labels("traefik.enable=false")}, set(), False, BARE),
    "a README that tells of its own nginx": Shape(
        {**HOST, "README.md": "Gunicorn is run behind an nginx, see nginx.conf.\n"}, set(), False, PLAIN
    ),
    "a README that tells how to develop": Shape(
        {"compose.yaml": API, "README.md": "Run `docker compose up` and open http://localhost:8000.\n"}, set(), False, BARE
    ),
    # something outside, of another deployment
    "Traefik's labels in a project beside systemd": Shape(
        {
            **HOST,
            "compose.prod.yml": INNER + "    labels: ['traefik.http.routers.a.tls=true']\n",
        },
        {"Traefik"},
        True,
        PLAIN,
    ),
    "Traefik's labels in a project for development": Shape(
        {
            "compose.prod.yml": API,
            "compose.dev.yml": INNER + "    labels: ['traefik.http.routers.a.tls=true']\n",
        },
        set(),
        False,
        BARE,
    ),
    "a Procfile beside systemd": Shape({**HOST, "Procfile": "web: uvicorn api:app --port $PORT\n"}, set(), False, PLAIN),
    "Fly.io's file beside a compose file for production": Shape(
        {"compose.prod.yml": API, "fly.toml": "[http_service]\ninternal_port = 8000\n"}, set(), False, BARE
    ),
    "Fly.io's file beside manifests": Shape(
        {**pod(service="LoadBalancer"), "fly.toml": "[http_service]\ninternal_port = 8000\n"}, set(), False, BARE
    ),
    "a balancer of another service": Shape(
        {
            "services/api/compose.yaml": API,
            "services/shop/Dockerfile": "FROM node:22\nCMD node server.js\n",
            "services/shop/infra/main.tf": 'resource "aws_lb" "front" {\n}\n',
        },
        set(),
        False,
        BARE,
    ),
    "Caddy for the project beside systemd": Shape(
        {"api.service": UNIT, "compose.yaml": INNER.replace("8000", "80"), "Caddyfile": CADDY}, {"Caddy"}, True, BARE
    ),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_what_stands_before_a_deployment(shape: Shape, here: Path) -> None:
    contexts = [context for context in deployed(here, shape.files).contexts if context.kind == "production"]
    assert contexts
    assert {sign.what for context in contexts for sign in context.signs if sign.proxies} == shape.before
    assert any(edge.outer_tls(context).x for context in contexts) is shape.tls
    found = audit(["."], Config(select=RULES)).findings
    assert {finding.rule for finding in found if finding.certainty is Certainty.CERTAIN} == shape.said
