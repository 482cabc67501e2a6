"""Run the reloading server and Vite together, until Ctrl-C or until one of them ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_NPM = Path(__file__).parent / "npm.py"
_ADDRESS = ("--host", "127.0.0.1", "--port", "8787")  # where Vite sends /api
_SECONDS_BETWEEN_LOOKS = 0.2
_SECONDS_TO_STOP = 5


def main() -> int:
    """Start both, wait until one ends, stop the other; return the exit code of the one."""
    server = ("flask", "--app", "dumont_economy.api.app:create_app", "run", "--debug", *_ADDRESS)
    commands = ([sys.executable, "-m", *server], [sys.executable, str(_NPM), "run", "dev"])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A process group each, because the reloader and npm start children of their own.
    processes = [subprocess.Popen(command, start_new_session=True) for command in commands]
    try:
        return _first_exit_code(processes)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes:
            _stop(process)


def _first_exit_code(processes: list[subprocess.Popen[bytes]]) -> int:
    while True:
        for process in processes:
            code = process.poll()
            if code is not None:
                return code
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(_SECONDS_TO_STOP)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    sys.exit(main())
