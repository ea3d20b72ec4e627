"""What nbgrader_config.py sets. It is run by every command of nbgrader's, so it imports little."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from grader.course import Course

from .kit import course_of

__all__ = ["configure"]

_ROOM = "grader.nbgrader_course"
_TEMPLATES = Path(__file__).parent / "templates"

# nbgrader's own list, with ours in place of Execute and of SaveAutoGrades, which gives a cell without output full marks.
# What limits and checks what a notebook's run has left is not needed: nothing has run, and its marks were checked before.
_AUTOGRADE = [
    f"{_ROOM}.scores.ReportScores",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    f"{_ROOM}.scores.SaveReportScores",
    "nbgrader.preprocessors.AssignLatePenalties",
]
# nbgrader's own list, without its instantiated tests, which run code, and with a kernel at the end.
_GENERATE = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
    f"{_ROOM}.scores.NameKernel",
]
# downloaded/<assignment>/archive/<student>.zip, `grader pack`'s for instance. It begins with the course's own folder: a
# folder `extracted/bob/` inside of ada's archive is no submission of bob's.
_ARCHIVES = r"/downloaded/[^/]+/extracted/(?P<student_id>[^/.][^/]*)/(?:[^/]+/)?(?P<file_id>[^/]+)$"


def configure(c: Any, *, here: Path, course_id: str) -> None:
    """Set in nbgrader's configuration `c` what our scores need.

    `here`: the nbgrader course; `course_id`: of nbgrader's exchange. Raises CourseError where `build` did not make it.
    """
    _show_alembic()
    course = course_of(here)
    assignments = Course(course)
    c.CourseDirectory.root = str(here.resolve())
    c.CourseDirectory.course_id = course_id
    c.Autograde.autograde_preprocessors = _AUTOGRADE
    c.GenerateAssignment.preprocessors = _GENERATE
    c.Autograde.exclude_overwriting = {name: list(assignments.assignment(name).files) for name in assignments.assignments()}
    c.ReportScores.course, c.ReportScores.folder = str(course), str(here.resolve())
    c.ClearSolutions.text_stub = "*Your answer:*"
    c.ExchangeFactory.collect = f"{_ROOM}.exchange.Collect"
    c.ExportApp.plugin_class = f"{_ROOM}.export.GradebookCsv"
    c.ZipCollectApp.collector_plugin = f"{_ROOM}.exchange.Archives"
    c.ZipCollectApp.extractor_plugin = f"{_ROOM}.exchange.Extractor"
    c.FileNameCollectorPlugin.named_regexp = re.escape(str(here.resolve())) + _ARCHIVES
    c.FileNameCollectorPlugin.valid_ext = [".ipynb", ".py", ".toml"]
    # Students' text is shown in browsers, the TA's among them; and feedback is read without a network.
    c.HTMLExporter.filters = {"markdown2html": f"{_ROOM}.markdown.clean_markdown2html"}
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.template_name = "offline"
    c.HTMLExporter.extra_template_basedirs = [str(_TEMPLATES), str(_nbgrader_templates())]


def _show_alembic() -> None:
    """nbgrader starts `alembic` by its name when it makes a database: let it be found beside this Python."""
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, [os.environ.get("PATH", ""), beside]))


def _nbgrader_templates() -> Path:
    import nbgrader

    return Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
