"""`device_speed` on a pretended device with a clock that the tests turn: what is timed, what is looked at, what is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from grader.checks import Mismatch, SpeedResult, device_speed
from grader.checks.asked import Asked
from grader.checks.device import contracted
from grader.checks.speed import Clock
from grader.course.thresholds import Measured
from grader.errors import CheckFailed, SuiteFault

INPUTS = [(np.full((3, 4), k, np.float32),) for k in range(1, 12)]


class There:
    """An array on the device: computed only when somebody waits for it."""

    def __init__(self, compute: Callable[[], Any], seconds: float = 0.0) -> None:
        self.compute, self.seconds = compute, seconds


class Device:
    """A device, the worker that reaches it, and the clock on the wall. `cost(k)`: seconds of the k-th call's work."""

    advisory = False

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cost: Callable[[int], float] = lambda k: 1.0) -> None:
        self.now, self.cost, self.seen, self.journal = 100.0, cost, list[float](), list[str]()
        self.change: Callable[[Any], Any] = lambda value: value
        self.factors: list[Any] = []
        monkeypatch.setattr("grader.checks.device.time.perf_counter", lambda: self.now)

    def __grader_clock__(self) -> Clock:
        return self  # type: ignore[return-value]

    def cpu_seconds(self) -> float:
        return 0.0

    def to_device(self, *arrays: Any) -> Sequence[Any]:
        self.now += 50.0  # not in the time
        self.journal.append("sent")
        return tuple(There(lambda array=array: array) for array in arrays)

    def __call__(self, x: There) -> There:
        """Returns at once."""
        value = x.compute()
        self.journal.append("called")
        self.seen.append(float(value[0, 0]))
        return There(lambda: self.change(2 * value), self.cost(len(self.seen) - 1))

    def contract(self, results: Sequence[There], factors: Any) -> Any:
        self.journal.append("contracted")
        self.factors.append(factors)
        totals = []
        for result, vectors in zip(results, factors, strict=True):
            self.now += result.seconds
            totals.append(contracted(result.compute(), vectors)[0])
        return totals

    def bring(self, result: There, name: str) -> Any:
        self.now += 70.0  # not in the time
        self.journal.append("looked at")
        return result.compute()


def measured(device: Device, *, slow: float = 30.0, at_least: Any = 20, **changed: Any) -> SpeedResult:
    named: dict[str, Any] = {
        "inputs": INPUTS, "right": lambda x: (2 * x,), "names": ("out",), "to_device": device.to_device,
        "contract": device.contract, "bring": device.bring, "rng": np.random.default_rng(3), "at_least": at_least,
        "baseline_name": "a loop",
    }  # fmt: skip
    return device_speed(device, lambda x: slow, **{**named, **changed})


def test_time_runs_until_numbers_have_arrived_that_need_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch)
    result = measured(device)
    assert (result.candidate_seconds, result.baseline_seconds, result.ratio) == (1.0, 30.0, 30.0)
    assert result.text == "your version is 30.0 times as fast as a loop; full marks start at 20 times"
    assert device.journal == ["sent", "called", "contracted", "looked at"] * 6


def test_the_first_call_is_not_timed_and_the_least_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(Device(monkeypatch, lambda k: [0.001, 3.0, 2.0, 1.5, 2.0, 2.0][k])).candidate_seconds == 1.5


def test_every_call_has_inputs_of_its_own_and_another_v(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch)
    measured(device)
    assert device.seen == [1, 2, 3, 4, 5, 6]
    flat = [np.concatenate(factors[0]) for factors in device.factors]
    assert len({vector.tobytes() for vector in flat}) == 6
    assert all(len(factors[0]) == 2 and [len(vector) for vector in factors[0]] == [3, 4] for factors in device.factors)
    assert (np.abs(np.concatenate(flat)) >= 0.5).all()


def test_what_falls_short_is_measured_again_on_other_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, lambda k: 9.0 if k <= 5 else 1.0)
    assert measured(device).ratio == 30.0
    assert device.seen == list(range(1, 12))


def test_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Mismatch) as caught:
        measured(Device(monkeypatch, lambda k: 10.0), looks_like={"copies to the host": (0, 5)})
    said = "your version is 3.0 times as fast as a loop; full marks start at 20 times. This looks like copies to the host."
    assert (str(caught.value), caught.value.kind) == (said, "speed")


SPOILT = {
    "nothing": lambda x: 0 * x, "some more": lambda x: x + np.eye(3, 4), "NaN": lambda x: x * np.nan,
    "a part": lambda x: np.where(np.eye(3, 4), 0, x),
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_was_timed_has_to_be_the_whole_computation(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Any], Any]
) -> None:
    device = Device(monkeypatch)
    device.change = spoil
    with pytest.raises(Mismatch, match="<out, v>, with a random v that is sent after the call is"):
        measured(device)


def test_every_value_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers may be right while what comes after them is not."""
    device = Device(monkeypatch)
    with pytest.raises(Mismatch, match="In out, 12 of 12 values differ"):
        measured(device, bring=lambda result, name: result.compute() + 1)


@pytest.mark.parametrize("totals", [None, 3.0, [], [1.0, 2.0], ["x"], {"out": 1.0}, [None]])
def test_numbers_that_are_none(monkeypatch: pytest.MonkeyPatch, totals: Any) -> None:
    with pytest.raises(CheckFailed, match="<out, v>"):
        measured(Device(monkeypatch), contract=lambda results, factors: totals)


def test_what_came_back_is_taken_apart_by_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(result: Any) -> Any:
        raise CheckFailed("two values are expected")

    with pytest.raises(CheckFailed, match="two values are expected"):
        measured(Device(monkeypatch), unpack=unpack)


def test_in_process_it_is_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, lambda k: 100.0)
    device.advisory = True
    result = measured(device)
    assert result.advisory
    assert result.text.startswith("advisory: your version is 0.3 times as fast as a loop")
    assert device.seen == [1, 2, 3, 4, 5, 6]


def test_calibrating_notes_and_judges_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[Measured] = []
    measured(Device(monkeypatch, lambda k: 15.0), at_least=Asked("gpu", None, "x/thresholds.toml", notes))
    assert [(note.threshold, note.rule, note.value) for note in notes] == [("gpu", "speed", 2.0)]


def test_too_few_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SuiteFault, match="^device_speed got 2 inputs: give at least 3, better 11$"):
        measured(Device(monkeypatch), inputs=INPUTS[:2])
