"""Mutants before the toy course's hidden suite: killed, survived, listed as equivalent, too slow, faults of the suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.course import Course
from grader.errors import CourseError
from grader.grading.crew import Crew, Graded
from grader.grading.inprocess import IN_PROCESS
from grader.selfcheck.mutants import MutantResult, judge, judge_mutants, survey
from grader.selfcheck.mutants.listing import load_equivalents
from grader.selfcheck.mutants.mutate import Mutant, mutants_of
from grader.selfcheck.mutants.sample import sample_of
from grader.selfcheck.mutants.source import Source

REFERENCE = '''"""Toy assignment: the reference."""


def double(x):
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION


class Counter:
    def __init__(self):
        self.count = 0

    def step(self, by=1):
        # BEGIN SOLUTION
        self.count += by
        return self.count
        # END SOLUTION


def refuse(x):
    # BEGIN SOLUTION
    if x < 0:  # no test comes near 0
        raise ValueError("negative")
    return x
    # END SOLUTION
'''
SUITE = """
import pytest

from grader.checks import expect_close


@pytest.mark.task("double")
def test_double(submission):
    expect_close(submission.double(3.0), 6.0)


@pytest.mark.task("counter")
def test_counter(submission):
    counter = submission.Counter()
    assert counter.step() == 1
    assert counter.step(by=5) == 6


@pytest.mark.task("refuse")
def test_negative(submission):
    with pytest.raises(ValueError):
        submission.refuse(-2.0)


@pytest.mark.task("refuse")
def test_positive(submission):
    assert submission.refuse(1.5) == 1.5
"""
SEEN = 16  # mutants that the toy's suite sees
UNSEEN = ["if x <= 0:", "if x < 1:", "if x < -1:"]


@pytest.fixture
def toy(toy: Path) -> Path:
    """The toy course with a suite that leaves gaps."""
    write(toy, REFERENCE)
    write(toy, SUITE, "test_toy_hidden.py")
    return toy


def write(root: Path, reference: str, name: str = "toy.py") -> None:
    (root / "solutions" / "toy" / name).write_text(reference)


class Judging:
    """Judges the course as it stands; `graded` and `told`: all that was run, and was told."""

    def __init__(self, root: Path, crew_on: Callable[..., Crew]) -> None:
        self.root, self._crew_on = root, crew_on
        self.graded: list[Graded] = []
        self.told: list[tuple[int, int]] = []

    def __call__(self, *, everything: bool = True, **settings: str) -> MutantResult:
        with self._crew_on(self.root, **{"level": IN_PROCESS} | settings) as crew:
            own, crew.run = crew.run, lambda works: self._spied(own(works))
            return judge_mutants(
                Course(self.root), "toy", crew, everything=everything, tell=lambda *told: self.told.append(told)
            )

    def _spied(self, results: Iterator[Graded]) -> Iterator[Graded]:
        for result in results:
            self.graded.append(result)
            yield result


@pytest.fixture
def judged(toy: Path, crew_on: Callable[..., Crew]) -> Judging:
    """`judged(...)`: what comes of the course."""
    return Judging(toy, crew_on)


def unseen(toy: Path) -> list[Mutant]:
    found = mutants_of(Source((toy / "solutions" / "toy" / "toy.py").read_text(), "toy.py"))
    return [mutant for mutant in found if mutant.after in UNSEEN]


def listing(*mutants: Mutant, **changed: str) -> str:
    entries = []
    for mutant in mutants:
        facts = {"id": mutant.id, "before": mutant.before, "after": mutant.after, "reason": "Nobody asks."} | changed
        entries.append("\n".join(["[[equivalent]]", *(f"{key} = '''{text}'''" for key, text in facts.items())]))
    return "\n\n".join(entries)


# ---------------------------------------------------------------- verdicts


def test_survivors_are_told_with_their_diff(toy: Path, judged: Judging) -> None:
    result = judged()
    assert (result.killed, result.equivalent, result.survived) == (SEEN, 0, 3)
    first = unseen(toy)[0]
    assert len(result.findings) == 3
    assert result.findings[0] == (
        "solutions/toy/toy.py, line 23 (refuse; comparison changed): no hidden test sees this change:\n"
        "-    if x < 0:  # no test comes near 0\n"
        "+    if x <= 0:  # no test comes near 0\n"
        "Write a test into solutions/toy/test_toy_hidden.py that fails; or, if both always do the same, add to "
        "solutions/toy/equivalent.toml with your reason:\n"
        f'[[equivalent]]\nid = "{first.id}"\nbefore = "if x < 0:"\nafter = "if x <= 0:"\nreason = "..."'
    )
    assert judged.told == [(done, SEEN + 3) for done in range(1, SEEN + 4)]


def test_the_same_every_time_and_everywhere(judged: Judging, level: str) -> None:
    assert judged() == judged(level=level)


@pytest.mark.parametrize("everything", [True, False])
def test_listed_ones_are_equivalent(toy: Path, judged: Judging, everything: bool) -> None:
    write(toy, listing(*unseen(toy)), "equivalent.toml")
    assert judged(everything=everything) == MutantResult(SEEN, 3, 0, ())
    assert len(judged.told) == (SEEN + 3 if everything else SEEN)


def test_a_mutant_meets_the_tasks_that_reach_it_first(judged: Judging, level: str) -> None:
    judged(level=level)
    tasks = {one.work.tasks for one in judged.graded}
    assert tasks == {None, ("double",), ("counter",), ("refuse",), ("double", "counter")}
    rest = [one.work.key for one in judged.graded if one.work.tasks == ("double", "counter")]
    assert len(rest) == 3  # the survivors


def test_a_survivor_meets_the_tasks_that_seem_not_to_reach_it(toy: Path, judged: Judging, level: str) -> None:
    write(toy, SUITE + ELSEWHERE, "test_toy_hidden.py")
    result = judged(level=level)
    assert (result.killed, result.survived) == (SEEN + 2, 1)


ELSEWHERE = """

@pytest.mark.task("counter")
def test_refusal_of_nothing(fresh_submission):
    assert fresh_submission.refuse(0.0) == 0.0
"""


def test_less_than_full_marks_is_a_kill(toy: Path, judged: Judging) -> None:
    write(toy, SUITE + RELUCTANT, "test_toy_hidden.py")
    assert judged().survived == 1


RELUCTANT = """

@pytest.mark.task("refuse")
def test_nothing(submission, credit):
    try:
        submission.refuse(0.0)
    except ValueError:
        credit(0.5, "0 is not negative")
"""


# ---------------------------------------------------------------- limits


def test_a_loop_without_end_is_cut(toy: Path, judged: Judging, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = toy / "assignments" / "toy" / "assignment.toml"
    facts.write_text(facts.read_text().replace("cpu = 1\n", "cpu = 60\n"))
    write(toy, REFERENCE.replace("self.count += by\n", "while True:\n            self.count += by\n            break\n"))
    monkeypatch.setattr(survey, "_MORE", 0.5)
    result = judged(level=level)
    stopped = [outcome for one in judged.graded for outcome in one.outcomes if outcome.kind == "limit"]
    assert len(stopped) == 2  # `break` made `pass`, and made `continue`
    assert all("CPU time" in outcome.message for outcome in stopped)
    assert {one.work.limits.cpu for one in judged.graded if one.work.tasks is None} == {60}
    assert all(one.work.limits.cpu < 60 for one in judged.graded if one.work.tasks is not None)
    assert not any("break" in finding for finding in result.findings)


# ---------------------------------------------------------------- faults of the course


def test_a_fault_is_no_kill(judged: Judging, edited: Callable[[str, str], None]) -> None:
    edited(
        "    assert submission.refuse(1.5) == 1.5\n",
        "    assert (submission.refuse(1.5) or __import__('os')._exit(3)) == 1.5\n",
    )
    result = judged()
    assert (result.killed, result.survived) == (SEEN - 1, 3)
    (fault,) = [finding for finding in result.findings if "failed at this mutant" in finding]
    assert fault.startswith(
        "solutions/toy/toy.py, line 25 (refuse; result replaced): the grader itself failed at this mutant: "
    )
    assert "ended with status 3" in fault
    assert fault.endswith("-    return x\n+    return None\nMend the suite.")


def test_a_reference_that_fails(toy: Path, judged: Judging) -> None:
    write(toy, REFERENCE.replace("2 * x", "3 * x"))
    result = judged()
    assert (result.killed, result.equivalent, result.survived) == (0, 0, 0)
    assert result.findings == (
        "solutions/toy/toy.py: no mutants were judged: the reference fails test_double; mend it first",
    )


def test_a_reference_at_which_the_grader_fails(judged: Judging, edited: Callable[[str, str], None]) -> None:
    edited("def test_counter(submission):\n", "def test_counter(submission):\n    1 / 0\n")
    (finding,) = judged().findings
    assert finding.startswith("solutions/toy/toy.py: no mutants were judged: the grader itself failed with the reference (")
    assert "ZeroDivisionError" in finding


def test_a_reference_without_markers(toy: Path, judged: Judging) -> None:
    write(toy, "def double(x):\n    return 2 * x\n")
    (finding,) = judged().findings
    assert finding.startswith("solutions/toy/toy.py, no solution markers; put")


def test_a_test_whose_device_is_absent_hides_no_other(judged: Judging, edited: Callable[[str, str], None]) -> None:
    edited(
        '@pytest.mark.task("refuse")\ndef test_negative',
        '@pytest.mark.task("refuse", device="cuda")\ndef test_there(submission):\n    assert submission.refuse(1) == 1\n\n\n'
        '@pytest.mark.task("refuse")\ndef test_negative',
    )
    result = judged()
    assert (result.killed, result.survived) == (SEEN, 3)


def test_a_task_whose_device_is_absent_is_left_out(judged: Judging, edited: Callable[[str, str], None]) -> None:
    edited('@pytest.mark.task("counter")', '@pytest.mark.task("counter", device="cuda")')
    result = judged()
    assert (result.killed, result.survived) == (SEEN - 5, 3 + 5)
    assert {one.work.tasks for one in judged.graded} == {None, ("double", "refuse")}


def test_where_no_task_can_be_judged_no_mutant_is(toy: Path, judged: Judging) -> None:
    write(toy, SUITE.replace('")\ndef', '", device="cuda")\ndef'), "test_toy_hidden.py")
    assert judged() == MutantResult(0, 0, 0, ())


# ---------------------------------------------------------------- the list


def test_an_entry_of_a_mutant_that_is_gone(toy: Path, judged: Judging) -> None:
    write(toy, listing(*unseen(toy)) + "\n\n" + listing(unseen(toy)[0], id="0123456789", before="if y:"), "equivalent.toml")
    assert judged().findings == (
        "solutions/toy/equivalent.toml: no mutant has the id '0123456789' any more (it was one of 'if y:'); renew the entry "
        "or remove it",
    )


def test_an_entry_of_a_mutant_that_is_killed(toy: Path, judged: Judging) -> None:
    text = REFERENCE
    (killed,) = [one for one in mutants_of(Source(text, "toy.py")) if one.after == "return 3 * x"]
    write(toy, listing(*unseen(toy), killed), "equivalent.toml")
    result = judged()
    assert (result.killed, result.equivalent, result.survived) == (SEEN - 1, 4, 0)
    assert result.findings == (
        f"solutions/toy/equivalent.toml, id '{killed.id}': this mutant is not equivalent: test_double fails; "
        "remove the entry",
    )


def test_an_entry_that_shows_another_change(toy: Path, judged: Judging) -> None:
    write(toy, listing(*unseen(toy), after="if x < 2:"), "equivalent.toml")
    findings = judged(everything=False).findings
    assert [finding.split("`after` ")[1] for finding in findings] == [
        f'is not what the mutant does; write "{mutant.after}"' for mutant in unseen(toy)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[equivalent]\nid = 'a'\n", r"equivalent.toml: write \[\[equivalent\]\] with two brackets, once for each mutant"),
        ("[[equivalent]]\nid = 'a'\n", "equivalent.toml, entry 1: 'before' is missing; add before = ..."),
        ("[[equivalent]]\nid = 'a'\nbefore = 'b'\nafter = 'c'\nreason = ' '\n", "reason = ' ': write a text in quotes"),
        (
            "[[equivalent]]\nid = 'a'\nbefore = 'b'\nafter = 'c'\nreason = 'd'\n" * 2,
            "entry 2: id = 'a': an earlier entry has it",
        ),
        ("[[equivalent]]\nids = ['a']\n", "unknown key 'ids'; did you mean 'id'?"),
        ("[[mutant]]\n", "unknown key 'mutant'"),
    ],
)
def test_a_list_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "equivalent.toml"
    path.write_text(text)
    with pytest.raises(CourseError, match=message):
        load_equivalents(path)


def test_no_list_is_an_empty_list(tmp_path: Path) -> None:
    assert load_equivalents(tmp_path / "equivalent.toml") == {}


# ---------------------------------------------------------------- the sample


def test_a_sample_is_spread_over_functions_and_operators() -> None:
    mutants = mutants_of(Source(REFERENCE, "toy.py"))
    groups = {(mutant.region, mutant.operator) for mutant in mutants}
    chosen = sample_of(mutants, len(groups))
    assert {(mutant.region, mutant.operator) for mutant in chosen} == groups
    assert chosen == [mutant for mutant in mutants if mutant in chosen]
    assert sample_of(mutants[::-1], len(groups))[::-1] == chosen
    assert sample_of(mutants, 1000) == list(mutants)
    assert set(sample_of(mutants, 3)) < set(chosen)


def test_an_edit_changes_the_sample_only_near_by() -> None:
    before, after = (
        {mutant.id for mutant in sample_of(mutants_of(Source(text, "toy.py")), 12) if mutant.region.function != "double"}
        for text in (REFERENCE, REFERENCE.replace("2 * x", "x + x"))
    )
    assert len(before & after) >= len(before) - 2


def test_by_default_a_sample_is_run(judged: Judging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "_SAMPLE", 6)
    result = judged(everything=False)
    assert result.killed + result.survived == len(judged.told) == 6
