"""nbgrader's side: preprocessors that put our scores where nbgrader looks for them. Nothing of a student's is run.

nbgrader gives full marks to a grade cell without output, with a negative number or with one that is none. So whatever is not
exactly right here raises: nbgrader then names the submission, writes nothing and exits with 1, and the gradebook holds no
score of an earlier submission under its name.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from nbformat.v4 import new_markdown_cell, new_output
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Unicode

from grader.course import Course
from grader.errors import GraderError, ReportError
from grader.grading.report import read_report

from .folder import CourseFolder
from .points import CellScore, cell_scores
from .records import is_exactly, read_record
from .runner import expected_stamp

__all__ = ["PAGE", "NameKernel", "ReportScores", "SaveReportScores"]

PAGE = "report.html"
"""The student's page, beside the notebook in autograded/, from where nbgrader takes it to feedback/."""

_AGAIN = "run `grader nbgrader run` on the course"


class ReportScores(NbGraderPreprocessor):
    """In place of `Execute`: fills every grade cell from our report."""

    course = Unicode("", help="The folder with assignments/ and solutions/.").tag(config=True)
    folder = Unicode("", help="The nbgrader course.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Score and feedback as output of each grade cell. Raises ReportError; the gradebook then holds no score of ours."""
        names = resources["nbgrader"]
        try:
            report = self._report(names["student"], names["assignment"])
            self._fill(nb, report, Path(resources["metadata"]["path"]))
        except (GraderError, OSError) as problem:
            _withdraw(names)
            raise ReportError(f"{names['student']}/{names['assignment']}: not graded: {problem}") from None
        return nb, resources

    def _report(self, student: str, name: str) -> dict[str, Any]:
        """The report of exactly what lies in submitted/, as suite and overrides are now."""
        folder = CourseFolder(Path(self.folder))
        record = read_record(folder.record(student, name))
        if not record or not is_exactly(folder.submitted / student / name, record["files"]):
            raise ReportError(f"submitted/{student}/{name} is not what our intake made of it; {_AGAIN}")
        path = folder.report(student, name)
        report = read_report(path)
        stamp = read_record(folder.stamp(student, name))
        expected = expected_stamp(folder, Course(Path(self.course)), student, name)
        stale = [part for part, value in expected.items() if stamp.get(part) != value]
        if stale:
            raise ReportError(f"{path}: made for another {' and another '.join(stale)}; {_AGAIN}")
        if (report["public"]["student"], report["public"]["assignment"]) != (student, name):
            raise ReportError(f"{path}: the report of {report['public']['student']!r}; {_AGAIN}")
        report["notebook problems"] = record.get("problems", [])
        return report

    def _fill(self, nb: Any, report: dict[str, Any], place: Path) -> None:
        graded = [cell for cell in nb.cells if utils.is_grade(cell) and not utils.is_solution(cell)]
        points = {cell.metadata.nbgrader["grade_id"]: float(cell.metadata.nbgrader["points"]) for cell in graded}
        if len(points) != len(graded) or any(cell.cell_type != "code" for cell in graded):
            raise ReportError("the notebook's grade cells are not those that were released; run our intake again")
        scores = cell_scores(report, points)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        for cell in graded:
            _show(cell, scores[cell.metadata.nbgrader["grade_id"]])
        public = report["public"]
        page = CourseFolder(Path(self.folder)).report(public["student"], public["assignment"]).with_suffix(".html")
        if page.is_file():
            shutil.copyfile(page, place / PAGE)
        nb.cells.append(new_markdown_cell(_closing(report, page.is_file()), id="about-this-grade"))


class NameKernel(NbGraderPreprocessor):
    """The last step of `generate_assignment`: gives students' notebooks a kernel.

    After nbgrader has saved what it knows of the notebook: else it would give that kernel to submissions, which have none so
    that nothing can run them.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Name Python's kernel, if the source names none."""
        nb.metadata.setdefault("kernelspec", {"display_name": "Python 3", "language": "python", "name": "python3"})
        return nb, resources


class SaveReportScores(SaveAutoGrades):
    """In place of `SaveAutoGrades`: takes a score only if it is there."""

    def _add_score(self, cell: Any, resources: Any) -> None:
        if not utils.is_solution(cell):
            kinds = [output.output_type for output in cell.get("outputs", [])]
            if kinds != ["stream", "execute_result"]:
                _withdraw(resources["nbgrader"])
                name = cell.metadata.nbgrader["grade_id"]
                raise ReportError(f"the grade cell {name!r} holds no score of ours; is ReportScores enabled?")
        super()._add_score(cell, resources)


def _show(cell: Any, score: CellScore) -> None:
    """The words, and the number that nbgrader reads: the last output, as text that is the float exactly."""
    cell.outputs = [
        new_output("stream", name="stdout", text=score.text),
        new_output("execute_result", data={"text/plain": repr(score.points)}, execution_count=1),
    ]
    cell.execution_count = 1


def _closing(report: dict[str, Any], has_page: bool) -> str:
    """What was handed in and could not be taken, how it was graded, and the student's page beside nbgrader's feedback."""
    public = report["public"]
    environment = public["environment"]
    lines = [f"- handed in: {problem}" for problem in (*public["intake"], *report["notebook problems"])]
    told = "Graded on {}, isolation {}, seeds {}."
    told = told.format(", ".join(environment["devices"]), environment["isolation"], environment["seed_id"])
    page = [f"[The whole report]({PAGE}), with pictures and links to the handout."] if has_page else []
    return "\n".join(["## About this grade", *lines, "", told, *page])


def _withdraw(names: dict[str, str]) -> None:
    """Take machine scores of an earlier submission out of the gradebook: a TA has to look. Manual ones stay."""
    with Gradebook(names["db_url"]) as gradebook:
        try:
            notebook = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
        except MissingEntry:
            return
        for grade in notebook.grades:
            grade.auto_score, grade.needs_manual_grade = None, True
        gradebook.db.commit()
