"""The path of data: imports run 1 -> 2 -> 3 -> 4 -> services -> api and cli, and never back."""

import ast
from pathlib import Path

import pytest

import dumont_economy

PACKAGE = Path(dumont_economy.__file__).parent
DOMAIN = ("pricing", "metering", "ledger", "savings")
EDGES = ("feeds", "connectors", "storage")
OUTSIDE = ("services", "api", "cli", *EDGES)

# What the files of a folder may not import: later folders, and what the domain must not know.
FORBIDDEN = {
    **{
        folder: (
            *(f"dumont_economy.{later}" for later in (*DOMAIN[place + 1 :], *OUTSIDE, "config")),
            "flask",
            "sqlalchemy",
            "os",
        )
        for place, folder in enumerate(DOMAIN)
    },
    "services": ("dumont_economy.api", "dumont_economy.cli", "flask"),
    "storage": tuple(
        # It keeps the ledger's sums.
        f"dumont_economy.{folder}"
        for folder in ("services", "api", "cli", "savings")
    ),
    "feeds": tuple(
        f"dumont_economy.{folder}"
        for folder in ("services", "api", "cli", "storage", "metering", "ledger", "savings")
    ),
    "api": ("dumont_economy.cli",),
}


def imports_of(source: str) -> set[str]:
    """Return every module, and every name from one, that a source text imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # No relative imports: ruff refuses those that leave their folder, and we have none.
            assert node.level == 0
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def breaches(folder: str, source: str) -> list[str]:
    """Return the imports in a source text that its folder may not have."""
    return sorted(
        name
        for name in imports_of(source)
        for forbidden in FORBIDDEN[folder]
        if name == forbidden or name.startswith(f"{forbidden}.")
    )


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_a_folder_imports_nothing_that_comes_after_it(folder: str) -> None:
    """Folders 1 to 4 are plain Python; edges know the domain, and the domain no edge."""
    files = sorted((PACKAGE / folder).rglob("*.py"))

    found = {
        file.name: wrong for file in files if (wrong := breaches(folder, file.read_text("utf-8")))
    }

    assert files
    assert found == {}


@pytest.mark.parametrize("module", ["money.py", "instant.py", "clock.py", "errors.py"])
def test_what_all_folders_share_imports_none_of_them(module: str) -> None:
    """Otherwise every folder would import every other."""
    ours = {
        name
        for name in imports_of((PACKAGE / module).read_text("utf-8"))
        if name.startswith("dumont_economy.")
    }

    assert {name.split(".")[1] for name in ours} <= {"errors", "instant"}


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        ("pricing", "from dumont_economy.metering.usage_event import UsageEvent"),
        ("pricing", "from dumont_economy import ledger"),
        ("metering", "import dumont_economy.ledger.rating"),
        ("ledger", "from dumont_economy.savings import totals"),
        ("savings", "from dumont_economy.storage import prices"),
        ("savings", "def late():\n    from flask import request"),
        ("metering", "import sqlalchemy.orm as orm"),
        ("ledger", "from os import environ"),
        ("services", "from dumont_economy.api.app import create_app"),
        ("storage", "from dumont_economy.services import market"),
    ],
)
def test_a_wrong_import_is_noticed(folder: str, source: str) -> None:
    """The check bites, also inside functions and whatever form the import has."""
    assert breaches(folder, source)


def test_a_right_import_is_not() -> None:
    """Later folders read earlier ones, and `osmium` is not `os`."""
    source = "from dumont_economy.pricing import rate\nimport osmium\n"

    assert breaches("savings", source) == []
