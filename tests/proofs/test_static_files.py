import json
from pathlib import Path

import pytest
from containers import another_user
from laboratory import Laboratory

pytestmark = pytest.mark.proof

STYLES = "body { color: black }"
PAGE = """
from django.contrib.staticfiles.storage import staticfiles_storage
urlpatterns += [path("styled/", lambda request: HttpResponse(staticfiles_storage.url("shop.css")))]
"""
"""Goes below DJANGO: a page that asks for a style sheet, as {% static %} does."""
MANIFEST = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
SENDING = """
def app(environ, start_response):
    if environ["PATH_INFO"].startswith("/download"):
        start_response("200 OK", [("X-Accel-Redirect", "/protected/contract.txt"), ("Content-Length", "0")])
        return [b""]
    start_response("404 Not Found", [("Content-Length", "0")])
    return [b""]
"""


def django(lab: Laboratory, **settings: object) -> tuple[int, dict[str, str]]:
    """A project with static files, and its environment."""
    source = (lab.folder / "django_app.py").read_text()
    lab.write("shop.py", source.replace("if __name__", f"{PAGE}\nif __name__"))
    known = {"INSTALLED_APPS": ["django.contrib.staticfiles"], "STATIC_URL": "/assets/", "ROOT_URLCONF": "shop"}
    env = {"SETTINGS": json.dumps(known | settings)}
    return lab.serve("gunicorn shop:application --bind 127.0.0.1:{port}", env).port, env


def collected(lab: Laboratory) -> Path:
    return lab.write("collected/shop.css", STYLES).parent


def test_static_files_unserved(lab: Laboratory) -> None:
    app, _ = django(lab)
    rest = f"location / {{ proxy_pass http://127.0.0.1:{app}; proxy_set_header Host $http_host; }}"
    nobody = lab.block(rest)
    elsewhere = lab.block(f"location /static/ {{ alias {collected(lab)}/; }} {rest}")
    right = lab.block(f"location /assets/ {{ alias {collected(lab)}/; }} {rest}")
    asked = lab.get(nobody, "/styled/").text
    assert asked == "/assets/shop.css"
    assert [lab.get(port, asked).status for port in (nobody, elsewhere, right)] == [404, 404, 200]


def test_static_path_mismatch(lab: Laboratory) -> None:
    folder = collected(lab)
    lab.write("other/readme.txt", "")
    wrong = lab.block(f"location /collected/ {{ alias {lab.folder}/other/; }}")
    twice = lab.block(f"location /collected/ {{ root {folder}; }}")
    right = lab.block(f"location /collected/ {{ alias {folder}/; }}")
    rooted = lab.block(f"location /collected/ {{ root {folder.parent}; }}")
    assert [lab.get(port, "/collected/shop.css").status for port in (wrong, twice, right, rooted)] == [404, 404, 200, 200]


def test_project_directory_served(lab: Laboratory) -> None:
    app = lab.serve("gunicorn wsgi_app:app --bind 127.0.0.1:{port}").port
    secrets = ("/.env", "/settings.py", "/.git/config")
    for name in secrets:
        lab.write(f"project{name}", "SECRET_KEY=x")
    lab.write("project/public/shop.css", STYLES)

    def below(folder: str) -> int:
        passing = f"location @app {{ proxy_pass http://127.0.0.1:{app}; }}"
        return lab.block(f"root {lab.folder}/{folder}; location / {{ try_files $uri @app; }} {passing}")

    before, after = below("project"), below("project/public")
    assert ["SECRET_KEY" in lab.get(before, name).text for name in secrets] == [True, True, True]
    assert ["SECRET_KEY" in lab.get(after, name).text for name in secrets] == [False, False, False]
    assert lab.get(after, "/shop.css").text == STYLES


def test_manifest_without_collectstatic(lab: Laboratory) -> None:
    lab.write("source/shop.css", STYLES)
    settings = {"STORAGES": MANIFEST, "STATIC_ROOT": f"{lab.folder}/collected", "STATICFILES_DIRS": [f"{lab.folder}/source"]}
    app, env = django(lab, **settings)
    assert lab.get(app, "/styled/").status == 500
    assert lab.start("python", "shop.py", "collectstatic", "--noinput", env=env).wait() == 0
    again, _ = django(lab, **settings)
    answer = lab.get(again, "/styled/")
    assert answer.status == 200 and answer.text.startswith("/assets/shop.") and answer.text != "/assets/shop.css"


def test_accel_location_not_internal(lab: Laboratory) -> None:
    lab.write("sending.py", SENDING)
    lab.write("files/contract.txt", "private")
    app = lab.serve("gunicorn sending:app --bind 127.0.0.1:{port}").port
    rest = f"location / {{ proxy_pass http://127.0.0.1:{app}; }}"
    missing = lab.block(rest)
    public = lab.block(f"location /protected/ {{ alias {lab.folder}/files/; }} {rest}")
    internal = lab.block(f"location /protected/ {{ internal; alias {lab.folder}/files/; }} {rest}")
    assert lab.get(missing, "/download").status != 200
    assert lab.get(public, "/download").text == lab.get(public, "/protected/contract.txt").text == "private"
    assert lab.get(internal, "/download").text == "private"
    assert lab.get(internal, "/protected/contract.txt").status == 404


def test_static_below_private_home(lab: Laboratory) -> None:
    home = lab.public_folder() / "home"
    (home / "static").mkdir(parents=True)
    (home / "static" / "shop.css").write_text(STYLES)
    port = lab.block(f"location /static/ {{ alias {home}/static/; }}", user=another_user())
    home.chmod(0o750)
    assert lab.get(port, "/static/shop.css").status == 403
    home.chmod(0o711)
    assert lab.get(port, "/static/shop.css").status == 200
