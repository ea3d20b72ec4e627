"""Seeds of the tests, and the course secret that the private ones come from.

seed = HMAC-SHA256(secret, [purpose, assignment, test]), cut to 128 bits: the same for every student and every
regrade, and not to be guessed from other seeds. Three purposes: `public` (a fixed key: what a student's own
`pytest` draws is no secret), `feedback` (before the deadline) and `record` (the grade), so that feedback runs
tell nothing about the record.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hmac
import json
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Literal, get_args

from grader.errors import CourseError

__all__ = ["Purpose", "Seeds", "load_secret"]

Purpose = Literal["public", "feedback", "record"]

_PUBLIC_KEY = b"grader: public checks, not a secret"
_VARIABLE = "GRADER_SECRET"
_SHORTEST = 16  # characters


@dataclasses.dataclass(frozen=True)
class Seeds:
    """The seeds of one assignment and purpose. `public` uses no secret, and no repr shows it."""

    secret: bytes = dataclasses.field(repr=False)
    purpose: Purpose
    assignment: str

    def __post_init__(self) -> None:
        if self.purpose not in get_args(Purpose):
            raise CourseError(f"purpose {self.purpose!r} is unknown; use one of {', '.join(get_args(Purpose))}")
        if self.purpose != "public" and not self.secret:
            raise CourseError(f"purpose {self.purpose!r} needs the course secret; see load_secret")

    @classmethod
    def public(cls, assignment: str) -> Seeds:
        """The seeds of the public suite, equal on every machine."""
        return cls(_PUBLIC_KEY, "public", assignment)

    def seed(self, test: str) -> int:
        """128 bits for one test, by its name in the suite."""
        return int.from_bytes(self._digest(self.purpose, self.assignment, test)[:16], "big")

    @property
    def id(self) -> str:
        """Eight hex digits that tell two sets of seeds apart and give none of them away."""
        return self._digest("id", self.purpose, self.assignment)[:4].hex()

    def _digest(self, *parts: str) -> bytes:
        key = _PUBLIC_KEY if self.purpose == "public" else self.secret
        # JSON keeps the parts apart: ("a", "b|c") and ("a|b", "c") must not give one seed.
        return hmac.digest(key, json.dumps(parts).encode(), "sha256")


def load_secret(course_root: Path) -> bytes:
    """The course secret: $GRADER_SECRET, else `.grader/secret` under the course root, made on first use.

    Raises CourseError (which never holds the secret) where it is short, readable for others or cannot be
    kept.
    """
    if _VARIABLE in os.environ:
        return _parse(os.environ[_VARIABLE], f"${_VARIABLE}", "set a longer one, or unset it")
    path = course_root / ".grader" / "secret"
    try:
        if not os.path.lexists(path):
            _create(path)
        return _read(path)
    except OSError as problem:
        raise CourseError(
            f"{path}: the course secret cannot be kept there ({problem.strerror}); "
            f"make the folder writable for you, or set ${_VARIABLE}"
        ) from None


def _parse(text: str, where: str, mend: str) -> bytes:
    text = text.strip()
    if len(text) < _SHORTEST:
        raise CourseError(f"{where}: {len(text)} characters are too few for a secret, {_SHORTEST} are needed; {mend}")
    is_hex = re.fullmatch(r"([0-9a-fA-F]{2})+", text)
    return bytes.fromhex(text) if is_hex else text.encode("utf-8", "surrogateescape")


def _read(path: Path) -> bytes:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise CourseError(f"{path}: not a regular file; remove it, a new secret is made (and all seeds change)")
    if os.name == "posix" and status.st_mode & 0o077:
        raise CourseError(f"{path}: mode {status.st_mode & 0o777:o} lets others at the secret; chmod 600 '{path}'")
    try:
        text = path.read_bytes().decode("ascii")
    except UnicodeDecodeError:
        text = ""
    return _parse(text, str(path), "restore it from a backup, or remove it: a new one is made (and all seeds change)")


def _create(path: Path) -> None:
    """Two runs that start at once must end with one secret: made aside, then linked; the first link wins."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.with_name(".gitignore").write_text("*\n", encoding="ascii")
    aside = path.with_name(f".secret-{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            _publish(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _publish(aside: Path, path: Path) -> None:
    try:
        os.link(aside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.rename(aside, path)
