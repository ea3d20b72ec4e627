"""nbgrader's program, for several commands: its start takes seconds, so it is imported once and forked for each.

Started by `commands`. Reads jobs from standard input, JSON lines with `cwd`, `log` (the file for what is printed) and
`arguments`; answers each with a line that holds the exit status. Every command has a process of its own, as from a shell.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

__all__ = ["main"]


def main() -> None:
    """Serve until the input ends."""
    # A parser for a format of URLs that nothing here uses; it takes a third of the start.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    from nbgrader.apps.nbgraderapp import main as nbgrader

    with contextlib.suppress(KeyboardInterrupt):  # who started us tells
        for line in sys.stdin:
            job = json.loads(line)
            child = os.fork()
            if not child:
                _command(nbgrader, job)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _command(nbgrader: Callable[[], Any], job: dict[str, Any]) -> None:
    """One command, in the forked process; does not return."""
    status = 1
    try:
        os.chdir(job["cwd"])
        log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for stream in (1, 2):
            os.dup2(log, stream)
        sys.argv = ["nbgrader", *job["arguments"]]
        nbgrader()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
