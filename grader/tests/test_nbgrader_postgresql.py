"""The gradebook in PostgreSQL: the same commands, one line more in the configuration."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install -e '.[nbgrader]'")
pytest.importorskip("psycopg", reason="psycopg is not installed: pip install -e '.[postgresql]'")

import psycopg

from grader.tests.nbgrader_class import REFERENCE, ToyClass

pytestmark = pytest.mark.timeout(600)


def program(name: str) -> str:
    """Where a program of PostgreSQL's server is; Debian keeps it off PATH."""
    found = [shutil.which(name), *map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")))]
    path = next(filter(None, found), None)
    return path or pytest.skip(f"no PostgreSQL server is installed here ({name} is not found)")


@pytest.fixture
def url() -> Iterator[str]:
    """A server of this test's own, on a socket in a folder; gives the URL of an empty database."""
    initdb, postgres = program("initdb"), program("postgres")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_user = {}
    if os.getuid() == 0:  # the server refuses to run as root
        user = pwd.getpwnam("postgres" if any(one.pw_name == "postgres" for one in pwd.getpwall()) else "nobody")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **as_user}
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    data = folder / "data"
    subprocess.run([initdb, "-D", data, "-U", "ta", "--auth=trust", "-E", "UTF8", "--no-sync"], env=env, check=True, **quiet)
    options = ["-c", "listen_addresses=", "-c", "fsync=off"]
    server = subprocess.Popen([postgres, "-D", data, "-k", folder, *options], env=env, **quiet)
    try:
        with connect(folder) as connection:
            connection.execute("CREATE DATABASE gradebook")
        yield f"postgresql+psycopg://ta@/gradebook?host={folder}"
    finally:
        server.send_signal(signal.SIGINT)  # without waiting for clients
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def connect(folder: Path) -> psycopg.Connection:
    for _ in range(600):
        try:
            return psycopg.connect(host=str(folder), user="ta", dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise TimeoutError("the server did not start")


def test_a_class_in_postgresql(released_class: ToyClass, url: str):
    course = released_class.copy("postgresql")
    (course.root / "gradebook.db").unlink()
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
    course.nbgrader("generate_assignment", "toy", "--force")
    course.hand_in("ada")
    course.hand_in("o'neil ñ", REFERENCE.replace("return 2 * x", "return x"))
    course.run()
    expected = {"ada": "25", "o'neil ñ": "15"}
    assert {student: row["raw_score"] for student, row in course.gradebook().items()} == expected
    course.run("--force")
    assert {student: row["raw_score"] for student, row in course.gradebook().items()} == expected
    assert not (course.root / "gradebook.db").exists()
