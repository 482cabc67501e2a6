"""What all tests share: one application with a clock, callers of it, and reviewed answers."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dumont_economy.api.auth import limiter
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from tests.api.harness import (
    NOON,
    Application,
    Caller,
    SettableClock,
    prepare,
    sqlite_in,
    start_application,
    start_application_on,
)
from tests.postgresql import PostgreSql, running_postgresql

_SNAPSHOTS = Path(__file__).parent / "snapshots"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make snapshots` write the snapshots anew instead of comparing with them."""
    parser.addoption("--update-snapshots", action="store_true", help="write snapshots anew")


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, object], None]:
    """Return a check that an answer equals the reviewed one of that name."""
    is_update = request.config.getoption("--update-snapshots")

    def check(name: str, answer: object) -> None:
        path = _SNAPSHOTS / f"{name}.json"
        text = json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
        if is_update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"No reviewed answer {path.name}: `make snapshots` writes it."
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """Start one PostgreSQL for all tests: each has a database of its own in it."""
    with running_postgresql() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Return a migrated database of either kind: empty, unless an application is started on it."""
    is_prepared = "application_on" in request.fixturenames
    if request.param == "sqlite":
        url = sqlite_in(tmp_path) if is_prepared else f"sqlite:///{tmp_path / 'economy.db'}"
    else:
        cluster: PostgreSql = request.getfixturevalue("postgresql")
        url = cluster.prepared_database(prepare) if is_prepared else cluster.new_database()
    made = Database(url)
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def application_on(database: Database) -> Iterator[Application]:
    """Start an application over a database of either kind; it is noon."""
    application = start_application_on(database.url.render_as_string(hide_password=False))
    limiter.reset()
    yield application
    application.close()


@pytest.fixture(scope="session")
def shared_application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Start one application for all tests: each has an account of its own in it."""
    application = start_application(tmp_path_factory.mktemp("shared"))
    yield application
    application.close()


@pytest.fixture
def application(shared_application: Application) -> Application:
    """Return the application at noon, with every limit on guessing unused."""
    shared_application.clock.set(NOON)
    limiter.reset()
    return shared_application


@pytest.fixture
def new_application(tmp_path: Path) -> Iterator[Application]:
    """Start an application that nobody owns yet."""
    application = start_application(tmp_path)
    limiter.reset()
    yield application
    application.close()


@pytest.fixture
def clock(application: Application) -> SettableClock:
    """Return the clock of the application, at noon."""
    return application.clock


@pytest.fixture
def account(application: Application, request: pytest.FixtureRequest) -> Account:
    """Return an account with an empty ledger, of this test alone."""
    return application.account(request.node.nodeid)


@pytest.fixture
def caller(application: Application, account: Account) -> Caller:
    """Return a machine of that account that may report, backfill and read."""
    return application.machine(account)


@pytest.fixture
def neighbour(application: Application, request: pytest.FixtureRequest) -> Caller:
    """Return a machine of another account."""
    return application.machine(application.account(f"{request.node.nodeid}, next door"))


@pytest.fixture
def built_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a built screen in place: its pages, an asset, and the element's script."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "embed").mkdir()
    script = '<script type="module" src="./assets/{name}-1a2b3c.js"></script>'
    for name in ("index", "widget"):
        page = "<!doctype html><title>Dumont Economy</title>" + script.format(name=name)
        (folder / f"{name}.html").write_text(page)
    (folder / "embed" / "economy-widget.js").write_text("export {}")
    (folder / "assets" / "index-1a2b3c.js").write_text("export {}")
    monkeypatch.setattr("dumont_economy.api.screen._STATIC", folder)
    return folder
