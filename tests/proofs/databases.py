"""A PostgreSQL of a proof's own, on a unix socket, gone with the proof."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from containers import require
from laboratory import Laboratory


@dataclass(frozen=True)
class Postgres:
    """Where it listens: a folder with a socket of this port's name."""

    folder: Path
    port: int

    @property
    def dsn(self) -> str:
        return f"host={self.folder} port={self.port} user=postgres dbname=postgres"

    def django(self, **more: object) -> dict[str, object]:
        """Django's DATABASES."""
        place = {"HOST": str(self.folder), "PORT": str(self.port), "USER": "postgres", "NAME": "postgres"}
        return {"default": {"ENGINE": "django.db.backends.postgresql", **place, **more}}

    def connections(self) -> int:
        """How many clients are connected, without the one that asks."""
        asked = "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute(asked).fetchone()
        return int(row[0]) if row else 0


def postgres(lab: Laboratory, max_connections: int) -> Postgres:
    """One that runs; not as root, which it refuses."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    initdb, server = (shutil.which(name, path=os.pathsep.join(map(str, programs[::-1]))) for name in ("initdb", "postgres"))
    require(bool(initdb and server), "PostgreSQL: it is not installed")
    folder, port = lab.public_folder(), lab.port()
    as_user: tuple[str, ...] = ()
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    create = [*as_user, str(initdb), "-D", f"{folder}/data", "-A", "trust", "-U", "postgres", "--no-sync"]
    subprocess.run(create, check=True, capture_output=True, cwd=folder)
    limits = {"max_connections": max_connections, "superuser_reserved_connections": 0, "max_wal_senders": 0, "fsync": "off"}
    settings = [word for name, value in limits.items() for word in ("-c", f"{name}={value}")]
    words = (*as_user, server, "-D", f"{folder}/data", "-k", folder, "-p", port, "-c", "listen_addresses=", *settings)
    running = lab.start(*words, socket_path=f"{folder}/.s.PGSQL.{port}")
    assert running.says("ready to accept connections"), running.output
    told = subprocess.run([str(server), "--version"], capture_output=True, text=True, check=True).stdout
    lab.seen["postgresql"] = told.split()[2]
    return Postgres(folder, port)
