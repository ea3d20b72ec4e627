"""A numeric gradient that is right or refused: the conditions under which differences can be believed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from grader.errors import SuiteFault

from .describe import Mismatch, describe
from .numbers import Array, numbers_or_none
from .slopes import Line, unit
from .tolerance import SINGLE, Tolerance, holds_float32, scale_of
from .words import index_text, sentence, shape_text

__all__ = ["Numeric", "gradient_limit"]


@dataclasses.dataclass(frozen=True)
class _Blame:
    """Whose fault it is that `name` cannot be checked: the suite's where f is its own (`trusted`)."""

    name: str
    trusted: bool

    def suite(self, what: str) -> NoReturn:
        raise SuiteFault(f"check_gradient of {self.name} is worthless: {what}")

    def whose(self, what: str, mend: str) -> NoReturn:
        """`what` is the predicate of f; `mend` is for the suite."""
        if self.trusted:
            self.suite(f"f {what}; {mend}")
        finding = f"{sentence(self.name)} cannot be compared with the slopes of your function: it {what}."
        raise Mismatch(finding, kind="value")


@dataclasses.dataclass(frozen=True)
class Numeric:
    """Numeric slopes of one function at one point; `of` makes one."""

    line: Line
    h: float
    tolerance: float
    blame: _Blame

    @classmethod
    def of(
        cls,
        f: Callable[[Array], Any],
        at: npt.ArrayLike,
        cotangent: npt.ArrayLike | None,
        name: str,
        h: float,
        tolerance: float,
        trusted: bool,
    ) -> Numeric:
        """The arguments of `check_gradient`. Raises SuiteFault (or Mismatch, for what an untrusted f gives)."""
        blame = _Blame(name, trusted)
        point = _float64(at, "at", blame)
        value = _checked(f, blame)
        here = value(point)
        upstream = _upstream(cotangent, here, blame)

        def shaped(x: Array) -> Array:
            result = value(x)
            if result.shape != here.shape:
                blame.whose(f"gives shape {shape_text(result.shape)} beside {shape_text(here.shape)}", "give one shape")
            return result

        return cls(Line(shaped, point, upstream, here), h, tolerance, blame)

    def gradient(self) -> npt.NDArray[np.float64]:
        """Slopes along every coordinate, in the shape of `at`."""
        shape = self.line.at.shape
        return self.at_places(list(np.ndindex(shape))).reshape(shape)

    def at_places(self, places: Sequence[tuple[int, ...]]) -> npt.NDArray[np.float64]:
        """Slopes along the coordinates with these indices."""
        where = [f"at {index_text(place)}" if place else "there" for place in places]
        return self.along([unit(self.line.at.shape, place) for place in places], where)

    def along(self, directions: Sequence[Array], where: Sequence[str]) -> npt.NDArray[np.float64]:
        """Slopes along `directions`, called `where`. Raises where one of them cannot be believed."""
        slopes = [self.line.slope(direction, self.h) for direction in directions]
        values = np.array([slope.value for slope in slopes])
        scale = float(np.max(np.abs(values), initial=0.0))
        if scale <= max(slope.noise for slope in slopes):
            self.blame.whose("does not change with its input, or hardly", "a gradient of zeros checks nothing")
        allowed = self.tolerance * scale
        if max(slope.noise for slope in slopes) > allowed:
            self.blame.whose("is so large beside its slopes that rounding hides them", "make its value smaller")
        for direction, slope, place in zip(directions, slopes, where, strict=True):
            if self.line.doubt(direction, self.h, slope, allowed / 4) > allowed / 4:
                self.blame.whose(
                    f"is not smooth {place}: its slopes at h and h / 2 differ, a kink lies nearer than h = {self.h:g}",
                    "draw inputs 10 h away from kinks (keep_off_zero, distinct, draw_until)",
                )
        return values


def gradient_limit(got: Array, right: Array, tolerance: float) -> Tolerance:
    """`tolerance` times the largest slope; that of float32 for what was computed or kept in it."""
    single = got.dtype == np.float32 or holds_float32(got)
    return Tolerance(0.0, (max(tolerance, SINGLE.floor) if single else tolerance) * scale_of(right), 0.0)


def _float64(value: npt.ArrayLike, what: str, blame: _Blame) -> Array:
    array = np.asarray(value)
    if array.dtype != np.float64:
        blame.suite(f"`{what}` is {array.dtype}; give float64")
    if not np.all(np.isfinite(array)) or array.size == 0:
        blame.suite(f"`{what}` is empty or holds NaN or infinity")
    return array


def _checked(f: Callable[[Array], Any], blame: _Blame) -> Callable[[Array], Array]:
    """`f` with a copy of its input, and its value as a float64 array."""

    def value(x: Array) -> Array:
        result = f(x.copy())
        array = numbers_or_none(result) if isinstance(result, np.ndarray | np.generic | float | int | list | tuple) else None
        if array is None or array.dtype.kind == "c":
            blame.whose(f"gives {describe(result)} where real numbers are needed", "give the forward pass")
        if array.dtype.kind == "f" and array.dtype != np.float64:
            blame.whose(f"gives {array.dtype} for float64 input", "compute in float64")
        if not np.all(np.isfinite(array)):
            blame.whose("gives NaN or infinity near its input", "draw tamer inputs")
        return array.astype(np.float64)

    return value


def _upstream(cotangent: npt.ArrayLike | None, here: Array, blame: _Blame) -> Array:
    if cotangent is None:
        if here.ndim:
            blame.whose(f"gives an array of shape {shape_text(here.shape)} and there is no cotangent", "give a random one")
        return np.ones(())
    upstream = _float64(cotangent, "cotangent", blame)
    if upstream.shape != here.shape:
        shapes = f"{shape_text(here.shape)} where the cotangent has shape {shape_text(upstream.shape)}"
        blame.whose(f"gives shape {shapes}", "give the cotangent the shape of f(at)")
    if upstream.size > 1 and np.all(upstream == upstream.flat[0]):
        blame.suite("the cotangent is constant, so a zero gradient of a softmax would pass; draw a random one")
    return upstream
