"""From `assignments/` to a course folder of nbgrader's."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from grader.course import Assignment, Course
from grader.errors import CourseError
from grader.grading.atomic import write_atomic
from grader.release.tracked import walk

from .folder import CONFIG
from .kit import KIT
from .script import SCRIPT, notebook_bytes

__all__ = ["build"]

_CONFIG = '''\
"""nbgrader's configuration. Everything that the grader needs is set by `configure`; what you set below it holds."""

from pathlib import Path

c = get_config()  # noqa: F821
try:
    from grader.nbgrader_course import configure

    configure(c, here=Path(__file__).parent, course_id={course_id!r})
except Exception as problem:  # nbgrader would go on without its configuration, and run what students wrote
    raise SystemExit(f"{{__file__}}: nbgrader stops here: {{problem}} (run it in the environment that the grader is in)")

# c.CourseDirectory.db_url = "postgresql+psycopg://user:password@host/gradebook"
# c.Exchange.root = "/srv/nbgrader/exchange"
'''
_LEAST_MODE = 0o644


def build(course: Course, out: Path, names: Sequence[str] = (), waived: Collection[str] = ()) -> list[Path]:
    """Write nbgrader_config.py, grader_course.json and source/<name>/ for these assignments (none named: all) into `out`.

    The same course gives the same bytes. A nbgrader_config.py that is there is left as it is. Gives what was written.
    Raises CourseError for an unknown name, a mark of a script that cannot be used, or an `out` among the course's sources.
    """
    out = out.resolve()
    _refuse_inside(course, out)
    chosen = [course.assignment(name) for name in names or course.assignments()]
    files = {f"source/{one.name}/{name}": data for one in chosen for name, data in _files(one, waived)}
    relative = os.path.relpath(course.root.resolve(), out)
    files[KIT] = json.dumps({"course": Path(relative).as_posix()}).encode() + b"\n"
    if not (out / CONFIG).exists():
        files[CONFIG] = _CONFIG.format(course_id=_course_id(out)).encode()
    for name, data in sorted(files.items()):
        write_atomic(out / name, data)
        (out / name).chmod(_LEAST_MODE)
    for one in chosen:
        _remove_others(out / "source" / one.name, {name for name in files if name.startswith(f"source/{one.name}/")}, out)
    return [out / name for name in sorted(files)]


def _refuse_inside(course: Course, out: Path) -> None:
    for part in ("assignments", "solutions", "grader", "datasets"):
        if out.is_relative_to((course.root / part).resolve()):
            raise CourseError(f"{out}: lies in the course's own {part}/; name a folder outside of it with --out")


def _course_id(out: Path) -> str:
    """The folder's name, in characters that nbgrader's exchange takes."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in out.name) or "course"


def _files(assignment: Assignment, waived: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """What students get: the notebook, and the assignment's public folder without the script."""
    for name in walk(assignment.folder):
        path = assignment.folder / name
        if path.is_symlink():
            raise CourseError(f"{path}: a link, which no course follows; put the file itself there")
        if name != SCRIPT and path.suffix != ".ipynb":
            yield name, path.read_bytes()
    yield f"{assignment.name}.ipynb", notebook_bytes(assignment, waived)


def _remove_others(folder: Path, keep: set[str], out: Path) -> None:
    """Files of an earlier build that the assignment has no more."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(out).as_posix() not in keep:
            path.unlink()
