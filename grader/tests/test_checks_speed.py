"""`speed_ratio` on clocks that the tests turn: what is timed, what is refused, what is said."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from grader.checks import Clock, Mismatch, clock_of, speed_ratio
from grader.errors import SandboxFault, SuiteFault

INPUTS = [(k,) for k in range(11)]


class Machine:
    """A worker whose clock stands still but for what its functions spend."""

    advisory = False

    def __init__(self) -> None:
        self.now = 100.0

    def cpu_seconds(self) -> float:
        return self.now


class SharedClock:
    """Shows a machine's time to one of the callables that live there."""

    advisory = True

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def cpu_seconds(self) -> float:
        return self.machine.now


class Function:
    """A handle: doubles its argument in `cost(argument)` seconds of its clock; `journal` lists the calls."""

    __grader_handle__ = True

    def __init__(self, machine: Machine, cost: Callable[[int], float], journal: list[Any] | None = None) -> None:
        self.machine, self.cost, self.journal = machine, cost, [] if journal is None else journal
        self.clock: Clock = machine

    def __grader_clock__(self) -> Clock:
        return self.clock

    def __call__(self, argument: int) -> int:
        self.journal.append(argument)
        self.machine.now += self.cost(argument)
        return 2 * argument


def pair(candidate: Callable[[int], float], baseline: Callable[[int], float] = lambda k: 30.0) -> tuple[Function, Function]:
    return Function(Machine(), candidate), Function(Machine(), baseline)


def test_the_ratio_is_that_of_the_minima() -> None:
    result = speed_ratio(*pair(lambda k: 1.0 + k % 3, lambda k: 40.0 - k), inputs=INPUTS, at_least=30)
    assert (result.candidate_seconds, result.baseline_seconds) == (1.0, 35.0)
    assert (result.ratio, result.advisory) == (35.0, False)
    assert result.text == "your version is 35.0 times as fast as the baseline; full marks start at 30 times"


def test_calls_are_interleaved_on_fresh_inputs_and_the_first_is_not_timed() -> None:
    journal: list[Any] = []
    candidate = Function(Machine(), lambda k: 0.25 if k == 0 else 1.0, journal)
    baseline = Function(Machine(), lambda k: 0.25 if k == 0 else 40.0, journal)
    result = speed_ratio(candidate, baseline, inputs=INPUTS, at_least=30)
    assert journal == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert result.ratio == 40.0


def test_work_between_the_calls_is_counted() -> None:
    candidate, baseline = pair(lambda k: 1.0)

    def check(result: int, argument: int) -> None:
        candidate.machine.now += 9.0  # a thread of the student's goes on while we look at the result

    with pytest.raises(Mismatch, match="your version is 3.0 times as fast"):
        speed_ratio(candidate, baseline, inputs=INPUTS, at_least=20, check=check)


def test_every_result_is_checked_with_its_arguments() -> None:
    seen: list[tuple[int, int]] = []
    speed_ratio(*pair(lambda k: 1.0), inputs=INPUTS, at_least=20, check=lambda *pair: seen.append(pair))
    assert seen == [(2 * k, k) for k in range(6)]

    def refuse(result: int, argument: int) -> None:
        raise Mismatch("wrong", kind="value")

    with pytest.raises(Mismatch, match="wrong"):
        speed_ratio(*pair(lambda k: 1.0), inputs=INPUTS, at_least=20, check=refuse)


def test_a_noisy_measurement_is_repeated_on_other_inputs() -> None:
    result = speed_ratio(*pair(lambda k: 9.0 if k <= 5 else 1.0), inputs=INPUTS, at_least=20)
    assert result.ratio == 30.0
    journal: list[Any] = []
    machine = Machine()
    slow_once = Function(machine, lambda k: 0.01 if journal.count(k) > 1 else 3.0, journal)  # a cache gains nothing
    with pytest.raises(Mismatch, match="10.0 times"):
        speed_ratio(slow_once, Function(Machine(), lambda k: 30.0), inputs=INPUTS, at_least=20)
    assert journal == list(range(11))


def test_the_better_of_two_measurements_is_told() -> None:
    with pytest.raises(Mismatch, match="your version is 6.0 times"):
        speed_ratio(*pair(lambda k: 5.0 if k <= 5 else 8.0), inputs=INPUTS, at_least=20)


@pytest.mark.parametrize(
    ("cost", "said", "suspect"),
    [
        (
            3.79,
            "7.9 times as fast as two loops; full marks start at 30 times. This looks like one loop.",
            "one loop",
        ),
        (
            15.0,
            "2.0 times as fast as two loops; full marks start at 30 times. This looks like broadcasting.",
            "broadcasting",
        ),
        (1.001, "29.9 times as fast as two loops; full marks start at 30 times.", None),
        (60.0, "0.5 times as fast as two loops; full marks start at 30 times.", None),
    ],
)
def test_a_slow_version_is_told_its_method(cost: float, said: str, suspect: str | None) -> None:
    looks_like = {"broadcasting": (1.5, 4.0), "one loop": (4.0, 14.0), "anything": (4.0, 8.0)}
    with pytest.raises(Mismatch) as info:
        speed_ratio(
            *pair(lambda k: cost),
            inputs=INPUTS,
            at_least=30,
            looks_like=looks_like,
            baseline_name="two loops",
        )
    assert str(info.value) == f"your version is {said}"
    assert (info.value.kind, info.value.suspect) == ("speed", suspect)


def test_exactly_the_threshold_passes() -> None:
    assert speed_ratio(*pair(lambda k: 1.0), inputs=INPUTS, at_least=30).ratio == 30.0


@pytest.mark.parametrize("reading", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_a_clock_that_does_not_run_is_a_fault_never_a_pass(reading: float, side: int) -> None:
    costs: list[Callable[[int], float]] = [lambda k: 1.0, lambda k: 30.0]
    costs[side] = lambda k: reading if k == 3 else 1.0
    with pytest.raises(SandboxFault, match="a CPU clock does not run"):
        speed_ratio(*pair(*costs), inputs=INPUTS, at_least=0.0001)


def test_misuse_is_the_suites_fault() -> None:
    with pytest.raises(SuiteFault, match="speed_ratio got 4 inputs: give at least 5, better 11"):
        speed_ratio(*pair(lambda k: 1.0), inputs=INPUTS[:4], at_least=2)
    machine = Machine()
    with pytest.raises(SuiteFault, match="two callables of one worker: take fresh_submission and baseline"):
        speed_ratio(Function(machine, lambda k: 1.0), Function(machine, lambda k: 1.0), inputs=INPUTS, at_least=2)


def test_a_shared_clock_is_advisory_and_never_fails() -> None:
    machine = Machine()
    candidate, baseline = Function(machine, lambda k: 2.0), Function(machine, lambda k: 20.0)
    candidate.clock, baseline.clock = SharedClock(machine), SharedClock(machine)
    result = speed_ratio(candidate, baseline, inputs=INPUTS, at_least=30)
    assert (result.ratio, result.candidate_seconds, result.baseline_seconds) == (10.0, 2.0, 20.0)
    assert result.advisory is True
    assert result.text == (
        "advisory: your version is 10.0 times as fast as the baseline; full marks start at 30 times, "
        "measured when it is graded"
    )


def test_a_coarse_advisory_clock_gives_no_ratio() -> None:
    candidate, baseline = pair(lambda k: 0.0, lambda k: 0.0)
    candidate.clock = SharedClock(candidate.machine)
    result = speed_ratio(candidate, baseline, inputs=INPUTS, at_least=30)
    assert math.isnan(result.ratio)
    assert result.text == (
        "advisory: too fast for this clock to compare with the baseline; full marks start at 30 times, "
        "measured when it is graded"
    )


def test_plain_functions_are_timed_by_this_process() -> None:
    assert clock_of(abs).advisory is True
    before = clock_of(abs).cpu_seconds()
    result = speed_ratio(
        lambda n: sum(range(n)),
        lambda n: sum(k * k for k in range(10 * n)),
        inputs=[(20_000,)] * 7,
        at_least=1e9,
    )
    assert result.advisory is True
    assert clock_of(abs).cpu_seconds() >= before + result.baseline_seconds
