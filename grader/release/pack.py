"""What a student hands in, as one zip: the files that assignment.toml lists, and nothing else."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path

from grader.course import Assignment
from grader.errors import IntakeError
from grader.grading.atomic import write_atomic
from grader.grading.intake import Found, take_in

from .review import warnings_of
from .zipped import zip_bytes

__all__ = ["Packed", "pack"]


@dataclasses.dataclass(frozen=True)
class Packed:
    """What was written where: `files` by name, and what may cost points."""

    archive: Path
    files: tuple[str, ...]
    warnings: tuple[str, ...]


def pack(assignment: Assignment, archive: Path) -> Packed:
    """Write `archive` with the assignment's listed files from its folder, below `<assignment>/`.

    Raises IntakeError, in the words of the grader's own intake, for what it would not take; and where `archive` is there
    and is no zip. ReportError where it cannot be written.
    """
    intake = take_in(Found("you", assignment.name, assignment.folder.resolve()), assignment)
    if intake.problems:
        head = f"{assignment.folder}: not all of this would be taken in; nothing was written"
        raise IntakeError("\n".join([head, *intake.problems]))
    if archive.exists() and not (archive.is_file() and zipfile.is_zipfile(archive)):
        raise IntakeError(f"{archive}: there already, and no zip; name another file with --out")
    write_atomic(archive, zip_bytes(intake.files, assignment.name))
    return Packed(archive, tuple(intake.files), tuple(warnings_of(intake, assignment)))
