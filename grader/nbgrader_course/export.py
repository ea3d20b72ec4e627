"""nbgrader's `export`: its columns, with decimals as our reports have them, and no number where there is no grade."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.plugins import ExportPlugin

from grader.grading.gradebook import number_cell, text_cell

__all__ = ["GradebookCsv"]

_COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip


class GradebookCsv(ExportPlugin):
    """A CSV file as nbgrader's own exporter writes one (grades.csv, `--to FILE`, `--student`, `--assignment`).

    It differs in this: sums are rounded to the four decimals that reports have; names are quoted; a submission of which a
    machine score is missing has empty cells, not 0; one that was never handed in has 0, as there.
    """

    def export(self, gradebook: Any) -> None:
        """Write the file."""
        students, assignments = set(map(str, self.student)), set(map(str, self.assignment))
        with open(self.to or "grades.csv", "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            for assignment in gradebook.assignments:
                for student in gradebook.students:
                    if (not assignments or assignment.name in assignments) and (not students or student.id in students):
                        writer.writerow(_row(gradebook, assignment, student))


def _row(gradebook: Any, assignment: Any, student: Any) -> list[str]:
    who = [text_cell(text or "") for text in (student.id, student.last_name, student.first_name, student.email)]
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        time, numbers = "", ["0", "0", "0"]
    else:
        time, numbers = str(submission.timestamp or ""), list(_numbers(submission))
    due = str(assignment.duedate or "")
    return [text_cell(assignment.name), due, time, *who, *numbers, number_cell(assignment.max_score)]


def _numbers(submission: Any) -> Iterator[str]:
    """Raw score, penalty and score; nothing where a TA has to look first."""
    if any(_is_waiting(grade) for notebook in submission.notebooks for grade in notebook.grades):
        yield from ("", "", "")
        return
    penalty = submission.late_submission_penalty or 0.0
    for value in (submission.score, penalty, max(0.0, submission.score - penalty)):
        yield number_cell(value)


def _is_waiting(grade: Any) -> bool:
    return grade.auto_score is None and grade.manual_score is None and (grade.max_score or 0) > 0
