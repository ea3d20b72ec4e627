"""What one submission may use: the [limits] table of assignment.toml.

Sizes are written with the names B, KB, MB and GB and mean powers of 1024, as `ls -h` and task managers count:
1 KB = 1024 bytes, 1 MB = 1024 KB, 1 GB = 1024 MB.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from grader.course.strict import Table

__all__ = ["Limits", "format_size", "parse_size"]

_UNITS = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(B|KB|MB|GB)")
_WALL_PER_CPU = 5  # a machine that grades several submissions at once gives each a share only


def parse_size(text: str) -> int:
    """Bytes of a size such as "1.5 GB" (units of 1024). Raises ValueError with the mend."""
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('write a number and one of B, KB, MB, GB in quotes, such as "16 MB" (1 KB = 1024 bytes)')
    return round(float(match[1]) * _UNITS[match[2]])


def format_size(size: float) -> str:
    """The size in the largest unit that is not above it, at most two decimals: `2.01 GB`."""
    name = next((name for name in ("GB", "MB", "KB") if abs(size) >= _UNITS[name]), "B")
    return f"{size / _UNITS[name]:.2f}".rstrip("0").rstrip(".") + f" {name}"


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits of one task, and of one submission as a whole.

    `cpu`: CPU seconds of one task; `memory`: bytes; `processes`: how many more the student's code may start
    (0: fork and exec are refused); `disk`: bytes of scratch files; `output`: bytes that it may print;
    `submission`: wall seconds of all tasks together.
    """

    cpu: float = 20
    memory: int = 2 << 30
    processes: int = 0
    disk: int = 16 << 20
    output: int = 16 << 20
    submission: float = 600

    @property
    def wall(self) -> float:
        """Wall seconds of one task: five times the CPU seconds."""
        return _WALL_PER_CPU * self.cpu

    @classmethod
    def from_toml(cls, table: Mapping[str, Any], where: str) -> Limits:
        """The limits of a [limits] table, defaults where it is silent. Raises CourseError, naming `where`."""
        reader = Table(table, where, [field.name for field in dataclasses.fields(cls)])
        readers = {"cpu": _seconds, "submission": _seconds, "processes": _count}
        values: dict[str, Any] = {key: readers.get(key, _size)(reader, key) for key in table}
        return cls(**values)


def _seconds(reader: Table, key: str) -> float:
    value = reader.number(key)
    if value <= 0:
        raise reader.fail(key, "write seconds above 0")
    return value


def _count(reader: Table, key: str) -> int:
    value = reader.number(key)
    if not isinstance(value, int) or value < 0:
        raise reader.fail(key, "write a whole number, 0 or more")
    return value


def _size(reader: Table, key: str) -> int:
    try:
        value = parse_size(reader.data[key])
    except ValueError as problem:
        raise reader.fail(key, str(problem)) from None
    if value <= 0:
        raise reader.fail(key, "write a size above 0")
    return value
