"""A private PostgreSQL for the tests: started from Debian's binaries, on a socket, thrown away."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import URL, create_engine, make_url, text

_OLDEST = 15
# It refuses to run as root, so root runs it as the user that its package makes.
_AS_ITS_USER = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
# Owns its databases and nothing else: a superuser would pass by row level security.
_APPLICATION = "application"
_numbers = count(1)


class PostgreSql:
    """A running cluster; every test has a database of its own in it."""

    def __init__(self, sockets: Path, superuser: str, control: Sequence[str]) -> None:
        self._sockets = sockets
        self._superuser = superuser
        self._control = control
        self._prepared: str | None = None
        self.administer(f"CREATE ROLE {_APPLICATION} LOGIN")

    def new_database(self) -> str:
        """Make an empty database, of an ordinary role, and return its address for that role."""
        name = f"economy_{next(_numbers)}"
        self.administer(f"CREATE DATABASE {name} OWNER {_APPLICATION}")
        return self._url(name, _APPLICATION).render_as_string(hide_password=False)

    def prepared_database(self, prepare: Callable[[str], None]) -> str:
        """Make a database as `prepare` leaves one, and return its address for that role.

        Only the first one is prepared; the others are copies of it.
        """
        if self._prepared is None:
            self._prepared = self.new_database()
            prepare(self._prepared)
        name = f"economy_{next(_numbers)}"
        template = make_url(self._prepared).database
        self.administer(f"CREATE DATABASE {name} OWNER {_APPLICATION} TEMPLATE {template}")
        return self._url(name, _APPLICATION).render_as_string(hide_password=False)

    def superuser_url(self, url: str) -> str:
        """Return the address of a database for the role to which no rule applies."""
        name = make_url(url).database or ""
        return self._url(name, self._superuser).render_as_string(hide_password=False)

    def administer(self, statement: str) -> None:
        """Run a statement on the cluster as its superuser."""
        admin = create_engine(self._url("postgres", self._superuser), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(statement))
        admin.dispose()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the cluster as a crash would while the block runs, then start it again."""
        _run([*self._control, "--mode=immediate", "stop"])
        try:
            yield
        finally:
            _run([*self._control, "start"])

    def _url(self, name: str, role: str) -> URL:
        query = {"host": str(self._sockets), "user": role}
        return URL.create("postgresql+psycopg", database=name, query=query)

    def restart(self) -> None:
        """Stop the cluster as a crash would, and start it again."""
        _run([*self._control, "--mode=immediate", "restart"])


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
        control += [f"--log={folder / 'log'}", f"--options={options}"]
        _run([*control, "start"])
        try:
            yield PostgreSql(folder, user, control)
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
