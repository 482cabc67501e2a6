"""A private PostgreSQL for the tests: started from Debian's binaries, on a socket, thrown away."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import URL, create_engine, text

_OLDEST = 15
# It refuses to run as root, so root runs it as the user that its package makes.
_AS_ITS_USER = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
_numbers = count(1)


class PostgreSql:
    """A running cluster; every test has a database of its own in it."""

    def __init__(self, sockets: Path, user: str) -> None:
        self._sockets = sockets
        self._user = user

    def url_of(self, name: str) -> URL:
        """Return the address of one database."""
        query = {"host": str(self._sockets), "user": self._user}
        return URL.create("postgresql+psycopg", database=name, query=query)

    def new_database(self) -> str:
        """Make an empty database and return its address."""
        name = f"economy_{next(_numbers)}"
        admin = create_engine(self.url_of("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        return self.url_of(name).render_as_string(hide_password=False)


@contextmanager
def running_postgresql() -> Iterator[PostgreSql]:
    """Start a cluster in a folder that is deleted at the end."""
    programs = _programs()
    folder = Path(mkdtemp(prefix="economy-postgresql-"))
    is_root = os.geteuid() == 0
    prefix = _AS_ITS_USER if is_root else ()
    if is_root:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    user = "postgres" if is_root else "economy"
    control = [*prefix, str(programs / "pg_ctl"), "--pgdata", str(data), "--wait", "--silent"]
    try:
        initdb = (str(programs / "initdb"), "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        _run([*prefix, *initdb, f"--username={user}", f"--pgdata={data}"])
        options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
        _run([*control, f"--log={folder / 'log'}", f"--options={options}", "start"])
        try:
            yield PostgreSql(folder, user)
        finally:
            _run([*control, "--mode=immediate", "stop"])
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    assert found, "No PostgreSQL here: `scripts/setup.sh test` installs it."
    assert int(found[-1].parent.name) >= _OLDEST
    return found[-1]


def _run(command: Sequence[str]) -> None:
    # In a folder that its user may enter, wherever the tests were started.
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=60)
