"""`grader calibrate` on a toy assignment with a task that learns, and the parts it is made of."""

from __future__ import annotations

import math
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.calibration import lab as lab_module
from grader.calibration import stale
from grader.calibration.bounds import misses_bound, normal_factor, outlier_limit
from grader.calibration.kept import Kept
from grader.calibration.lab import Settings
from grader.calibration.programs import right_solutions, wrong_solutions
from grader.calibration.reach import reachable
from grader.calibration.rules import Samples, decide, row
from grader.calibration.run import Calibration, calibrate
from grader.calibration.table import table_text
from grader.calibration.traces import data_source
from grader.cli import main
from grader.course import Course, load_assignment
from grader.course.thresholds import Measured, load_thresholds
from grader.errors import CourseError, ReportError
from grader.grading.crew import Crew, Graded
from grader.grading.inprocess import IN_PROCESS
from grader.grading.outcome import Outcome
from grader.sandbox.levels import Choice

# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    ("n", "coverage", "confidence", "table"),
    [(10, 0.95, 0.95, 2.911), (30, 0.99, 0.95, 3.064), (5, 0.9, 0.95, 3.407), (3, 0.9, 0.95, 6.155)],
)  # fmt: skip
def test_the_factor_is_that_of_published_tables(n: int, coverage: float, confidence: float, table: float) -> None:
    assert normal_factor(n, coverage, confidence) == pytest.approx(table, abs=6e-4)


@pytest.mark.parametrize("n", [2, 3, 5, 10, 30, 200])
def test_the_factor_is_the_noncentral_t_quantile(n: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    exact = stats.nct.ppf(0.95, n - 1, math.sqrt(n) * stats.norm.ppf(0.9999)) / math.sqrt(n)
    assert normal_factor(n) == pytest.approx(exact, rel=1e-6)


def test_the_factor_for_30_seeds_and_its_limit() -> None:
    assert normal_factor(30) == pytest.approx(4.816, abs=1e-3)
    assert normal_factor(100_000) == pytest.approx(3.719 + 0.014, abs=5e-3)
    with pytest.raises(ValueError, match="1 values have no spread"):
        normal_factor(1)


@pytest.mark.parametrize(("misses", "cases", "of"), [(0, 9000, 300), (2, 9000, 300), (40, 150, 30), (6300, 9000, 300)])
def test_the_bound_of_shares_is_clopper_pearson_and_binomial(misses: int, cases: int, of: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    chance = stats.beta.ppf(0.95, misses + 1, cases - misses)
    assert misses_bound(misses, cases, of) == stats.binom.ppf(0.9999, of, chance)


def test_who_misses_everything_may_miss_everything() -> None:
    assert misses_bound(30, 30, 10) == 10


def test_the_outlier_limit() -> None:
    assert outlier_limit(1) == pytest.approx(2.326, abs=1e-3)
    assert outlier_limit(30) == pytest.approx(3.403, abs=1e-3)


# ---------------------------------------------------------------- rules


def normal_values(mean: float, sd: float, n: int = 30, seed: int = 0) -> list[float]:
    draw = np.random.default_rng(seed).normal(mean, sd, n)
    return [float(value) for value in draw]


def samples(right: dict[str, list[float]], wrong: dict[str, list[float]] | None = None, **more: Any) -> Samples:
    return Samples(**{"name": "acc", "rule": "at least", "of": None, "right": right, "wrong": wrong or {}, **more})


def bound(values: list[float], sign: int = -1) -> float:
    return statistics.fmean(values) + sign * normal_factor(len(values)) * statistics.stdev(values)


def test_the_most_lenient_bound_of_the_right_solutions_is_the_threshold() -> None:
    steady, wild = normal_values(0.8, 0.002), normal_values(0.85, 0.03, seed=1)
    decision = decide(samples({"steady": steady, "wild": wild}))
    assert decision.set_by == "wild"
    assert decision.threshold == pytest.approx(bound(wild), rel=2e-4)
    assert decision.threshold <= bound(wild) < bound(steady)
    assert decision.factor == 4.8162
    assert decision.bound == "mean - 4.816 sd of wild, n = 30 (99.99% of runs, confidence 95%)"
    assert decision.assumption == (
        f"values are normal; the worst of 30 lies {decision.worst_in_sd:.1f} sd off, beyond 3.4 in 1 case of 100"
    )
    assert decision.doubts == ()


def test_a_loss_is_bounded_from_above() -> None:
    values = normal_values(0.2, 0.01)
    decision = decide(samples({"sgd": values}, {"lazy": [0.9, 0.01]}, rule="at most"))
    assert bound(values, +1) <= decision.threshold < bound(values, +1) * 1.001
    assert decision.bound.startswith("mean + 4.816 sd of sgd")
    assert decision.doubts == ()


def test_few_seeds_cost_a_wider_bound() -> None:
    few, many = (decide(samples({"sgd": normal_values(0.8, 0.01, n)})).factor for n in (5, 30))
    assert few == pytest.approx(8.966, abs=1e-3)
    assert many == pytest.approx(4.816, abs=1e-3)
    with pytest.raises(CourseError, match="acc: 4 values of sgd are too few for a bound; take more seeds"):
        decide(samples({"sgd": [0.1] * 4}))


def test_shares_without_a_miss_have_a_bound_all_the_same() -> None:
    decision = decide(samples({"knn": [1.0] * 30}, of=300))
    assert (decision.threshold, decision.factor, decision.doubts) == (0.99, None, ())
    assert decision.bound == "binomial tolerance bound for shares of 300 cases (99.99% of runs, confidence 95%)"
    assert decide(samples({"knn": [0.0] * 30}, of=300, rule="at most")).threshold == 0.01


def test_shares_that_spread_more_than_cases_do_take_the_normal_bound() -> None:
    values = [round(value * 1000) / 1000 for value in normal_values(0.8, 0.05)]
    assert decide(samples({"net": values}, of=1000)).threshold == pytest.approx(bound(values), rel=2e-4)


def test_values_without_spread_are_doubtful() -> None:
    (doubt,) = decide(samples({"net": [0.5] * 30})).doubts
    assert doubt == (
        "acc: the values of net are all 0.5, so nothing is known of their spread: is the seed used? For a share of cases, "
        "give `of`"
    )


def test_values_that_are_not_normal_are_doubtful() -> None:
    values = [*normal_values(0.8, 0.001, 49), 0.1]
    decision = decide(samples({"xor": values}))
    first, second = decide(samples({"xor": values})).doubts[0], decision.doubts[1:]
    assert first.startswith(
        "acc: the values of xor are not normal (the worst of 50 lies 6.9 sd off, beyond 3.5 in 1 case of 100)"
    )
    assert second == (f"acc: a right solution reached 0.1 only, beyond the bound {bound(values):g}; that is the threshold",)
    assert decision.threshold == 0.1


SLOW, FAST = [9.0, 10.0, 10.0, 10.0, 14.0], [80.0, 90.0, 90.0, 90.0, 99.0]


def fast(right: dict[str, list[float]], wrong: dict[str, list[float]]) -> Any:
    return decide(samples(right, wrong, name="speed", rule="speed"))


def test_a_speed_is_the_geometric_mean_cut_to_a_round_number() -> None:
    decision = fast({"a": FAST, "b": [200.0] * 5}, {"loop": SLOW, "two loops": [1.0] * 5})
    assert decision.threshold == 30.0
    assert decision.set_by == "a"
    assert decision.bound == (
        "geometric mean 30 of 10 (loop, the fastest cheat) and 90 (a, the slowest right solution), cut to a round number"
    )
    assert decision.doubts == ()
    assert fast({"a": [88.0] * 5}, {"loop": SLOW}).threshold == 25.0
    assert fast({"a": [12.0] * 5}, {"loop": SLOW}).threshold == 11.0  # a cheat reaches 10


def test_a_speed_needs_a_cheat_that_is_slower_than_right_solutions() -> None:
    with pytest.raises(
        CourseError, match="speed: a speed threshold needs a cheat to keep out: a mistake in mistakes.toml that"
    ):
        fast({"a": FAST}, {})
    with pytest.raises(
        CourseError, match=r"between the cheat loop \(90 times .* and the right solution b \(10 times\); change"
    ):
        fast({"a": FAST, "b": SLOW}, {"loop": FAST})


def test_runs_on_the_wrong_side_are_told() -> None:
    doubts = fast({"a": [*FAST, 29.0]}, {"loop": [*SLOW, 31.0]}).doubts
    assert doubts == (
        "speed: a was once 29 times as fast only, below 30",
        "speed: the cheat loop was once 31 times as fast, not below 30",
    )


def test_the_worst_is_the_one_nearest_to_failing() -> None:
    assert row([1.0, 3.0], "at least").worst == row([1.0, 3.0], "speed").worst == 1.0
    assert row([1.0, 3.0], "at most").worst == 3.0
    assert row([2.0], "at most").sd == 0.0


# ---------------------------------------------------------------- a course with a task that learns


FACTS = """
[[tasks]]
id = "train"
title = "Training"
points = 5
hint = "Start anew for every seed."
"""
STUB = '''

def train(seed):
    """The accuracy after training; seed: a whole number."""
    raise NotImplementedError
'''
RIGHT = """

def train(seed):
    import numpy as np
    return float(0.8 + 0.01 * np.random.default_rng(seed).normal())
"""
TEST = """
from grader.checks import learns, speed_ratio


@pytest.mark.task("train")
def test_train(submission, seed, thresholds):
    learns(
        lambda seed: submission.train(seed % 2**32), at_least=thresholds["accuracy"], seed=seed, percent=True,
        name="the accuracy",
    )
"""
SPEED = """

@pytest.mark.task("double")
def test_speed(fresh_submission, baseline, rng, thresholds):
    inputs = [(rng.normal(size=(200, 300)),) for _ in range(5)]
    speed_ratio(fresh_submission.double, baseline.double, inputs=inputs, at_least=thresholds["speed"])
"""
MISTAKES = '''
[[mistake]]
id = "untrained"
find = "0.8 + 0.01"
replace = "0.1 + 0.01"
fails = ["train"]
words = ["the accuracy"]

[[mistake]]
id = "row_by_row"
find = "return 2 * x"
replace = "import numpy\\n    return numpy.array([2 * row for row in x for _ in range(40)][::40]) if x.ndim == 2 else 2 * x"
fails = ["double"]
words = ["times as fast"]

[[mistake]]
id = "both"
find = """def train(seed):
"""
replace = """def train(seed):
    return None
"""
fails = ["train", "counter", "refuse"]
words = ["is None"]
'''


@pytest.fixture
def course(toy: Path) -> Course:
    """The toy course with a task `train`, one alternative and some mistakes."""
    facts, private = toy / "assignments" / "toy", toy / "solutions" / "toy"
    for path, more in (
        (facts / "assignment.toml", FACTS), (facts / "toy.py", STUB), (private / "toy.py", RIGHT),
        (private / "test_toy_hidden.py", TEST),
    ):  # fmt: skip
        path.write_text(path.read_text() + more)
    shutil.rmtree(private / "alternatives", ignore_errors=True)
    (private / "alternatives").mkdir()
    other = (private / "toy.py").read_text().replace("0.8 + 0.01", "0.82 + 0.005")
    (private / "alternatives" / "careful.py").write_text(other)
    (private / "mistakes.toml").write_text(MISTAKES)
    return Course(toy)


def suite(course: Course) -> Path:
    return course.hidden_suite("toy")


def table_path(course: Course) -> Path:
    return course.solution_folder("toy") / "thresholds.toml"


SHOWN = "solutions/toy/thresholds.toml"


def settings(course: Course, level: str = IN_PROCESS, **more: Any) -> Settings:
    return Settings(course, "toy", Choice(level, level != IN_PROCESS, {}), ["cpu"], **{"seeds": 6, **more})


def run(course: Course, **more: Any) -> Calibration:
    return calibrate(settings(course, **more), lambda done, total, what: None)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every program and round that is run."""
    told: list[tuple[str, int]] = []
    take = lab_module.Lab._take

    def watch(self: Any, one: Any, graded: Graded) -> None:
        told.append((one.program.name, one.round))
        take(self, one, graded)

    monkeypatch.setattr(lab_module.Lab, "_take", watch)
    return told


def test_the_table_holds_what_was_measured(course: Course, measured: list[tuple[str, int]]) -> None:
    found = run(course)
    assert sorted(measured) == sorted(
        [(name, k) for name in ("toy", "alternatives/careful") for k in range(6)]
        + [(name, k) for name in ("untrained", "both") for k in range(5)]
    )
    entry = load_thresholds(table_path(course))["accuracy"]
    assert found.set == ("accuracy",)
    assert (entry.rule, entry.n, entry.seeds, entry.set_by) == ("at least", 12, 6, "toy")
    assert (entry.tests, entry.tasks, entry.data) == (("test_train",), ("train",), "none")
    assert entry.command == "grader calibrate toy --seeds 6"
    assert f"Python {sys.version_info[0]}" in entry.versions
    assert f"numpy {np.__version__}" in entry.versions
    toy = entry.measured["toy"]
    assert toy.n == 6
    assert abs(toy.mean - 0.8) < 0.03
    assert 0.001 < toy.sd < 0.03
    assert entry.measured["alternatives/careful"].mean == pytest.approx(0.82, abs=0.01)
    assert entry.threshold == pytest.approx(toy.mean - normal_factor(6) * toy.sd, abs=2e-4)
    assert list(entry.wrong) == ["untrained"]
    assert entry.wrong["untrained"] == pytest.approx(0.1, abs=0.04)


def test_a_second_run_measures_nothing_and_writes_the_same_bytes(
    course: Course, measured: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(course)
    before = table_path(course).read_bytes()
    table_path(course).unlink()
    monkeypatch.setattr(lab_module, "Crew", None)
    measured.clear()
    run(course)
    assert measured == []
    assert table_path(course).read_bytes() == before


def test_a_run_that_was_killed_goes_on_where_it_stopped(course: Course, measured: list[tuple[str, int]]) -> None:
    run(course)
    before = table_path(course).read_bytes()
    kept = course.root / ".grader" / "calibration" / "toy.jsonl"
    text = kept.read_text()
    kept.write_text(text[: text.rindex("\n") + 20])
    measured.clear()
    run(course)
    assert len(measured) == 1
    assert table_path(course).read_bytes() == before
    measured.clear()
    run(course, seeds=8)
    assert sorted(measured) == [(name, k) for name in ("alternatives/careful", "toy") for k in (6, 7)]


def test_a_changed_solution_is_measured_anew_and_no_other(course: Course, measured: list[tuple[str, int]]) -> None:
    run(course)
    careful = course.solution_folder("toy") / "alternatives" / "careful.py"
    careful.write_text(careful.read_text().replace("0.005", "0.006"))
    measured.clear()
    run(course)
    assert {name for name, _ in measured} == {"alternatives/careful"}


def test_grading_reads_the_table(course: Course, crew_on: Callable[..., Crew]) -> None:
    reference = course.reference("toy").read_text()
    with crew_on(course.root, level=IN_PROCESS) as crew:
        (unmeasured,) = grade(crew, course, reference)
    assert unmeasured.verdict == "fault"
    assert unmeasured.detail.endswith(
        f"{table_path(course)}: there is no threshold 'accuracy'; measure it with `grader calibrate toy`"
    )
    run(course)
    asked = load_thresholds(table_path(course))["accuracy"].threshold
    with crew_on(course.root, level=IN_PROCESS) as crew:
        (right,) = grade(crew, course, reference)
        (wrong,) = grade(crew, course, reference.replace("0.8 + 0.01", "0.1 + 0.01"))
    assert (right.verdict, right.measured) == ("passed", ())
    assert (wrong.verdict, wrong.kind, wrong.measured) == ("failed", "wrong", ())
    assert wrong.message.startswith("the accuracy: your model reaches ")
    assert f" on a second seed; at least {100 * asked:.4g} % is asked for (right solutions reach 81" in wrong.message


def grade(crew: Crew, course: Course, source: str, **how: Any) -> tuple[Outcome, ...]:
    from grader.grading.crew import Work

    work = Work(0, "toy", {"toy.py": source.encode()}, course.assignment("toy").limits, **{"tasks": ("train",), **how})
    (graded,) = crew.run([work])
    assert graded.fault == ""
    return graded.outcomes


def test_a_round_of_calibration(course: Course, crew_on: Callable[..., Crew]) -> None:
    """Only the tests that ask for thresholds run; they note and do not judge; a round's seeds are its own."""
    reference = course.reference("toy").read_text()
    with crew_on(course.root, level=IN_PROCESS) as crew:
        (first,), (again,), (other,) = (grade(crew, course, reference, calibration=k, tasks=None) for k in (0, 0, 1))
        (low,) = grade(crew, course, reference.replace("0.8 + 0.01", "0.1 + 0.01"), calibration=0)
    (value,) = first.measured
    assert value == Measured("accuracy", "at least", value.value, None)
    assert first.measured == again.measured != other.measured
    assert (low.verdict, low.message) == ("passed", "")
    assert low.measured[0].value == pytest.approx(value.value - 0.7)
    assert Outcome.from_json(first.to_json()) == first
    assert "measured" not in Outcome("test_a", "train", "passed").to_json()


def test_speed_is_measured_in_the_sandbox_and_kept_between_cheat_and_right(course: Course, level: str) -> None:
    suite(course).write_text(suite(course).read_text() + SPEED)
    found = run(course, level=level, seeds=5, only="speed")
    entry = found.entries["speed"]
    assert list(found.entries) == ["speed"]
    assert (entry.rule, entry.n, entry.factor) == ("speed", 10, None)
    assert set(entry.wrong) == {"row_by_row"}
    assert entry.wrong["row_by_row"] < entry.threshold < entry.measured["toy"].mean
    assert entry.command == "grader calibrate toy --seeds 5 --only speed"
    everything = run(course, level=level, seeds=5)
    assert everything.set == ("accuracy", "speed")
    again = run(course, level=level, seeds=6, only="accuracy")
    assert again.set == ("accuracy",)
    assert again.entries["accuracy"].seeds == 6
    assert load_thresholds(table_path(course))["speed"] == load_thresholds(found.path)["speed"]
    with pytest.raises(CourseError, match="--only sped: the suite asks for no such threshold; did you mean 'speed'?"):
        run(course, level=level, only="sped")


# ---------------------------------------------------------------- what cannot be calibrated


def failure(course: Course, **more: Any) -> str:
    with pytest.raises(CourseError) as caught:
        run(course, **more)
    assert not table_path(course).exists()
    return str(caught.value)


def test_a_suite_that_asks_for_nothing(course: Course) -> None:
    suite(course).write_text(
        suite(course).read_text().replace('thresholds["accuracy"]', "0.5").replace(", thresholds)", ")")
    )
    assert failure(course) == (
        f"{table_path(course).parent}: no test of the hidden suite asks for a threshold; see grader/docs/calibration.md"
    )


def test_a_right_solution_that_fails(course: Course) -> None:
    careful = course.solution_folder("toy") / "alternatives" / "careful.py"
    careful.write_text(careful.read_text().replace("return float(", "return str("))
    said = failure(course)
    assert said.startswith("alternatives/careful, seed 0, test_train: a right solution must pass: The accuracy is text ")
    assert said.endswith("where numbers are expected.; mend one of them")


def test_a_suite_that_fails(course: Course) -> None:
    suite(course).write_text(suite(course).read_text().replace("seed=seed, percent", "seed=seed, at_most=1.0, percent"))
    assert "toy, seed 0, test_train: the suite failed, not the solution: " in (said := failure(course))
    assert "learns: give at_least=... or at_most=..., one of the two" in said


def test_a_grader_process_that_dies(course: Course) -> None:
    text = suite(course).read_text()
    suite(course).write_text(text.replace("    learns(\n", "    import os; os._exit(3)\n    learns(\n"))
    assert failure(course).startswith("toy, seed 0: the grader itself failed: the grader process ended with status 3")


def test_one_name_for_two_thresholds(course: Course) -> None:
    more = TEST.split("speed_ratio\n")[1].replace("test_train", "test_more").replace("percent=True", "of=10")
    suite(course).write_text(suite(course).read_text() + more)
    assert failure(course) == (
        "accuracy: test_more asks for 'at least' of 10 cases, test_train for 'at least'; give each a threshold of its own"
    )


def test_what_cannot_be_measured_here_is_left_as_it_is(course: Course) -> None:
    run(course)
    before = load_thresholds(table_path(course))["accuracy"]
    more = TEST.split("speed_ratio\n")[1].replace("test_train", "test_more").replace('"accuracy"', '"more"')
    text = suite(course).read_text().replace('@pytest.mark.task("train")', '@pytest.mark.task("train", device="cuda")')
    suite(course).write_text(text + more)
    found = run(course)
    assert found.set == ("more",)
    assert load_thresholds(table_path(course))["accuracy"] == before
    assert found.doubts[0] == (
        "test_train: not assessed here: this machine has no cuda; its thresholds are left as they are"
    )


def test_a_test_that_takes_the_table_and_asks_for_nothing(course: Course) -> None:
    more = '\n@pytest.mark.task("double")\ndef test_idle(submission, thresholds):\n    submission.double(1)\n'
    suite(course).write_text(suite(course).read_text() + more)
    assert run(course).doubts[0] == "test_idle: it takes `thresholds` and asks for none here"


def test_a_broken_table_is_replaced(course: Course) -> None:
    table_path(course).write_text("[accuracy]\nrule = 3\n")
    found = run(course)
    assert found.doubts[0].startswith(f"the old table could not be read ({table_path(course)}, [accuracy]: rule = 3: ")
    assert found.doubts[0].endswith("; a new one takes its place")
    assert load_thresholds(table_path(course)).keys() == {"accuracy"}


def test_mistakes_that_cannot_be_made_are_told(course: Course) -> None:
    path = course.solution_folder("toy") / "mistakes.toml"
    path.write_text(MISTAKES.replace('find = "0.8 + 0.01"', 'find = "0.9 + 0.01"'))
    (doubt,) = run(course).doubts
    assert doubt.startswith("solutions/toy/mistakes.toml, mistake untrained: find = '0.9 + 0.01': it occurs nowhere in ")


def test_programs(course: Course) -> None:
    assert [program.name for program in right_solutions(course, "toy")] == ["toy", "alternatives/careful"]
    (course.assignment("toy").folder / "answers.toml").write_text("a = 1")
    wrong = {program.name: program for program in wrong_solutions(course, "toy")[0]}
    assert list(wrong["both"].files) == ["toy.py"]
    assert b"0.1 + 0.01" in wrong["untrained"].files["toy.py"]
    assert wrong["row_by_row"].is_cheat(("double",))
    assert not wrong["row_by_row"].is_cheat(("train",))
    assert not wrong["both"].is_cheat(("train",))
    (course.solution_folder("toy") / "mistakes.toml").unlink()
    assert wrong_solutions(course, "toy")[0] == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "calibration").write_text("a file in the place of the folder")
    with pytest.raises(ReportError, match="toy.jsonl: cannot be written .*; make the folder writable for you"):
        Kept(tmp_path / "calibration" / "toy.jsonl").keep("key", [])


# ---------------------------------------------------------------- whether a table still holds


def test_a_fresh_table_is_not_stale(course: Course) -> None:
    assert stale(course, "toy") == [
        f"{SHOWN}: there is no threshold 'accuracy', which the suite asks for; run `grader calibrate toy`"
    ]
    run(course)
    assert stale(course, "toy") == []


def test_changed_code_is_told(course: Course) -> None:
    run(course)
    for name in ("toy.py", "alternatives/careful.py", "test_toy_hidden.py", "guest.py", "baseline.py"):
        path = course.solution_folder("toy") / name
        text = path.read_text()
        path.write_text("# a comment, and\n\n" + text)
        assert stale(course, "toy") == []
        path.write_text(text + "\npytestmark = []\n")
        assert stale(course, "toy") == [
            f"{SHOWN}: [accuracy] was measured with other code (the suite, what lies beside it, the reference, "
            "an alternative or a cheat); run `grader calibrate toy`"
        ], name
        path.write_text(text)


SUITE = """
import numpy as np
from grader.checks import learns, expect_close
from .oracle import *
N = 10
LIMIT = 3

@pytest.fixture
def goal(thresholds):
    return thresholds["accuracy"]

@pytest.fixture(autouse=True)
def always():
    pass

def used():
    return N

def unused():
    return LIMIT

@pytest.mark.task("train")
def test_train(goal):
    learns(used(), at_least=goal)

class TestMore:
    def test_loss(self, thresholds):
        pass

def test_other(submission):
    expect_close(unused())
"""


def test_of_the_suite_only_what_threshold_tests_lead_to_counts(course: Course) -> None:
    text = reachable(SUITE)
    for there in (
        "from grader.checks import learns\n",
        "N = 10",
        "def goal",
        "def always",
        "def used",
        "TestMore",
        "oracle",
    ):
        assert there in text
    assert '@pytest.mark.task("train")\ndef test_train' in text
    for absent in ("numpy", "expect_close", "LIMIT", "def unused", "test_other"):
        assert absent not in text
    assert reachable("def broken(:") == "def broken(:"
    run(course)
    suite(course).write_text(suite(course).read_text().replace("every counter begins at 0", "each counter begins at 0"))
    assert stale(course, "toy") == []


def test_changed_data_is_told(course: Course) -> None:
    run(course)
    assert data_source(course, "toy") == "none"
    entry = load_thresholds(table_path(course))["accuracy"]
    text = table_text("toy", {"accuracy": entry}).replace('data = "none"', 'data = "generated 0"')
    table_path(course).write_text(text)
    assert stale(course, "toy") == [
        f"{SHOWN}: [accuracy] was measured on other data ('generated 0', and now 'none'); run `grader calibrate toy`"
    ]
    table_path(course).write_text(text.replace("rule", "role"))
    assert "unknown key 'role'" in stale(course, "toy")[0]


def test_the_data_of_a_suite_are_traced(course: Course) -> None:
    pytest.importorskip("course_data")
    suite(course).write_text(suite(course).read_text() + "\nimport course_data\n")
    first = data_source(course, "toy")
    assert first.startswith("generated ")
    facts = course.assignment("toy").folder / "assignment.toml"
    facts.write_text(facts.read_text().replace('packages = ["numpy"]', 'packages = ["numpy"]\ndata = ["cifar10", "own"]'))
    assert load_assignment(facts.parent).data == ("cifar10", "own")
    kind = data_source(course, "toy").split("; ")
    assert kind[0] in ("cifar10: generated", "cifar10: real")
    assert kind[1:] == ["own: generated", first]


# ---------------------------------------------------------------- the command, and public suites


def command(course: Course, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    status = main(["calibrate", *arguments, "--course", str(course.root)])
    shown = capsys.readouterr()
    return status, " ".join((shown.out + shown.err).split())


def test_the_command(
    course: Course, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, choices: Callable[..., object]
) -> None:
    monkeypatch.setattr("grader.sandbox.levels.choose", choices)
    monkeypatch.setenv("COLUMNS", "100")
    status, shown = command(course, capsys, "toy", "--seeds", "5", "--workers", "2")
    asked = load_thresholds(table_path(course))["accuracy"]
    assert status == 0
    assert f"accuracy at least {asked.threshold:g} 10 {asked.mean:.4g} {asked.sd:.4g} {asked.worst:.4g}" in shown
    assert "careful 5 0.8" in shown
    assert f"accuracy: {asked.bound}; {asked.assumption}" in shown
    assert shown.endswith(f"written: {table_path(course)}")
    assert table_path(course).stat().st_mode & 0o777 == 0o644
    path = course.solution_folder("toy") / "mistakes.toml"
    path.write_text(path.read_text().replace('find = "0.8 + 0.01"', 'find = "0.9 + 0.01"'))
    status, shown = command(course, capsys, "toy", "--seeds", "5", "--workers", "2")
    assert status == 1
    assert "look at this: solutions/toy/mistakes.toml, mistake untrained: find = '0.9 + 0.01': it occurs nowhere" in shown


def test_what_the_command_refuses(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = command(course, capsys, "toi")
    assert (status, "no assignment 'toi'; did you mean 'toy'?" in shown) == (2, True)
    with pytest.raises(SystemExit):
        command(course, capsys, "toy", "--seeds", "4")
    assert "'4': write a whole number, at least 5, better 30" in capsys.readouterr().err


def test_a_public_suite_has_no_table(course: Course, students_pytest: Callable[..., Any]) -> None:
    folder = course.assignment("toy").folder
    path = folder / "test_toy.py"
    path.write_text(path.read_text() + '\n@pytest.mark.task("train")\ndef test_public(submission, thresholds):\n    pass\n')
    shown = " ".join(students_pytest(folder, "-k", "test_public").stdout.split())
    assert "test_toy.py: a public suite has no table of thresholds; write the number itself" in shown


def test_the_hidden_suite_in_a_pytest_of_ones_own(course: Course, students_pytest: Callable[..., Any]) -> None:
    run(course)
    assert students_pytest(suite(course).parent, suite(course).name, "-k", "test_train").returncode == 0
    table_path(course).write_text("[accuracy]\n")
    shown = " ".join(students_pytest(suite(course).parent, suite(course).name, "-k", "test_train").stdout.split())
    assert "[accuracy]: 'rule' is missing; add rule = ..." in shown
