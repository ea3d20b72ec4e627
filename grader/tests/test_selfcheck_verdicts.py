"""Mistakes, right answers, stubs and answers of the wrong kind: what is found where a suite does not judge them rightly."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.course import Course
from grader.grading.crew import Crew, Graded, Work
from grader.grading.outcome import Outcome
from grader.selfcheck.contact import contact_modules
from grader.selfcheck.mistakes import Mistake, load_mistakes
from grader.selfcheck.parts import Parts
from grader.selfcheck.trials import (
    Trial,
    hidden_trials,
    in_process_trials,
    mistake_trials,
    public_trials,
    quick_tasks,
    sampled,
)
from grader.selfcheck.verdicts import Ran, Tally, contact_findings, mistake_findings, right_findings, stub_findings

TOY = Parts.of(Course(Path(__file__).parent / "toy_course"), "toy")
RIGHT = TOY.reference()["toy.py"].decode()
LISTED = "solutions/toy/mistakes.toml"

Run = Callable[..., Ran]


@pytest.fixture
def run(toy_crew: Crew) -> Run:
    """`run(trial)`: in the hidden suite of the unchanged toy."""

    def run_one(trial: Trial, where: str = "hidden") -> Ran:
        limits = TOY.assignment.limits
        (graded,) = toy_crew.run([Work(0, "toy", trial.files, limits, trial.tasks, trial.reverse)])
        return Ran(trial, graded, where)

    return run_one


def edited(old: str, new: str) -> dict[str, bytes]:
    assert RIGHT.count(old) == 1
    return {"toy.py": RIGHT.replace(old, new).encode()}


def made(trial: Trial, *outcomes: Outcome, fault: str = "", where: str = "hidden") -> Ran:
    """A run with outcomes from here."""
    return Ran(trial, Graded(Work(0, "toy", trial.files, TOY.assignment.limits), outcomes, "", 0.0, fault), where)


def absent(crew: Crew, task: str) -> list[Outcome]:
    return [Outcome(test, task, "not assessed", weight, kind="device") for test, weight in crew.suites["toy"][task]]


# ---------------------------------------------------------------- right answers and stubs


@pytest.mark.parametrize("how", [{}, {"reverse": True}, {"tasks": ("counter",)}], ids=["all", "reversed", "alone"])
def test_right_answer(run: Run, toy_crew: Crew, how: dict[str, Any]) -> None:
    assert list(right_findings(run(Trial("right", "it", TOY.reference(), **how)), TOY, toy_crew.suites["toy"])) == []


def test_right_answer_that_is_wrong(run: Run, toy_crew: Crew) -> None:
    trial = Trial("right", "solutions/toy/alternatives/a.py", edited("return 2 * x", "return x"), reverse=True)
    (wrong,) = right_findings(run(trial, "hidden, in-process"), TOY, toy_crew.suites["toy"])
    assert wrong.startswith(
        "solutions/toy/alternatives/a.py (hidden, in-process suite, reversed): double gets 0 of 10 points: "
        "the input is returned as it came"
    )
    assert wrong.endswith("; mend the answer, or the suite if the answer is right")


def test_part_of_a_task_is_not_full_marks(run: Run, toy_crew: Crew) -> None:
    trial = Trial("right", "it", edited("return 2 * x", "return 2 * x if x.ndim == 1 else x"), ("double",))
    (wrong,) = right_findings(run(trial), TOY, toy_crew.suites["toy"])
    assert wrong.startswith("it (hidden suite, double alone): double gets 5.7143 of 10 points: ")


def test_fault_with_a_right_answer(toy_crew: Crew) -> None:
    suite, trial = toy_crew.suites["toy"], Trial("right", "it", TOY.reference(), ("refuse",))
    assert list(right_findings(made(trial, fault="it died"), TOY, suite)) == [
        "it (hidden suite, refuse alone): the grader failed: it died"
    ]
    broken = Outcome("test_negative", "refuse", "fault", kind="fault", detail="ZeroDivisionError")
    (wrong,) = right_findings(made(trial, broken), TOY, suite)
    assert wrong.startswith("it (hidden suite, refuse alone): refuse gets 0 of 4 points: 'test_negative': ZeroDivisionError")


def test_absent_device_is_neither_right_nor_wrong(run: Run, toy_crew: Crew) -> None:
    suite, trial = toy_crew.suites["toy"], Trial("right", "it", TOY.reference())
    others = [outcome for outcome in run(trial).graded.outcomes if outcome.task != "double"]
    there = made(trial, *absent(toy_crew, "double"), *others)
    assert (
        list(right_findings(there, TOY, suite))
        == list(stub_findings(made(trial, *absent(toy_crew, "double")), TOY, suite))
        == []
    )


def test_stub(run: Run, toy_crew: Crew) -> None:
    assert list(stub_findings(run(Trial("stub", "it", TOY.stub())), TOY, toy_crew.suites["toy"])) == []


def test_stub_with_something_done(run: Run, toy_crew: Crew) -> None:
    text = TOY.stub()["toy.py"].decode().replace("raise NotImplementedError", "raise ValueError", 3)
    found = list(stub_findings(run(Trial("stub", "it", {"toy.py": text.encode()})), TOY, toy_crew.suites["toy"]))
    assert (
        "it (hidden suite): refuse, test_negative passes with the stub; ask in it for something that a student has to write"
    ) in found
    assert (
        "it (hidden suite): double, test_guest fails with the stub as 'raised', not as undone (toy.py, line 6 raised "
        "ValueError); let the test reach a function that is not done before it judges"
    ) in found
    (wrong,) = stub_findings(made(Trial("stub", "it", {}), fault="it died"), TOY, toy_crew.suites["toy"])
    assert wrong == "it (hidden suite): the grader failed: it died"


# ---------------------------------------------------------------- mistakes


def mistake(old: str, new: str, fails: tuple[str, ...], *words: str) -> Trial:
    return Trial("mistake", "m", {}, None, mistake=Mistake("m", f"{LISTED}, mistake m", edited(old, new), fails, words))


def judged(run: Run, crew: Crew, trial: Trial) -> tuple[list[str], Tally]:
    assert trial.mistake is not None
    tally = Tally()
    there = run(dataclasses.replace(trial, files=trial.mistake.files))
    return list(mistake_findings(there, TOY, crew.suites["toy"], tally)), tally


def test_mistake_that_is_caught_and_named(run: Run, toy_crew: Crew) -> None:
    trial = mistake("return 2 * x", "return x", ("double",), "the input is returned as it came")
    assert judged(run, toy_crew, trial) == ([], Tally(tried=1, caught=1, named=1))


def test_mistake_that_is_not_noticed(run: Run, toy_crew: Crew) -> None:
    trial = mistake("return 2 * x", "return x", ("double", "counter"), "as it came")
    wrong = f"{LISTED}, mistake m: counter should fail and passes; strengthen its tests, or take it out of `fails`"
    assert judged(run, toy_crew, trial) == ([wrong], Tally(tried=1))


def test_mistake_that_costs_more(run: Run, toy_crew: Crew) -> None:
    trial = mistake("return 2 * x", "exit()", ("counter",), "count")
    (more, unnoticed, unsaid), tally = judged(run, toy_crew, trial)
    assert more.startswith(f"{LISTED}, mistake m: double falls too (")
    assert more.endswith("); judge it apart, or add it to `fails`")
    assert "counter should fail and passes" in unnoticed
    assert "does not say 'count'" in unsaid
    assert tally == Tally(tried=1)


def test_mistake_that_is_not_named(run: Run, toy_crew: Crew) -> None:
    found, tally = judged(run, toy_crew, mistake("return 2 * x", "return 3 * x", ("double",), "thrice"))
    (wrong,) = found
    assert wrong.startswith(f"{LISTED}, mistake m: the report does not say 'thrice'; it says: ")
    assert wrong.endswith("; add a suspect, or mend `words`")
    assert tally == Tally(tried=1, caught=1)


def test_mistake_at_which_the_grader_fails(toy_crew: Crew) -> None:
    trial, suite = mistake("return 2 * x", "return x", ("double",), "x"), toy_crew.suites["toy"]
    assert f"{LISTED}, mistake m: the grader failed: it died" in mistake_findings(
        made(trial, fault="it died"), TOY, suite, Tally()
    )
    broken = Outcome("test_fresh", "counter", "fault", kind="fault", detail="ZeroDivisionError")
    said = "counter is a fault of the suite, not a failure: 'test_fresh': ZeroDivisionError; mend the suite"
    assert f"{LISTED}, mistake m: {said}" in mistake_findings(made(trial, broken), TOY, suite, Tally())


def test_mistake_of_an_absent_device(run: Run, toy_crew: Crew) -> None:
    suite, tally = toy_crew.suites["toy"], Tally()
    trial = mistake("return 2 * x", "return x", ("double",), "x")
    assert list(mistake_findings(made(trial, *absent(toy_crew, "double")), TOY, suite, tally)) == []
    assert tally == Tally(unassessed=1)
    both = mistake("self.count += by", "self.count += 2", ("double", "counter"), "only double says this")
    there = run(dataclasses.replace(both, files=both.mistake.files))  # type: ignore[union-attr]
    mixed = [*absent(toy_crew, "double"), *[outcome for outcome in there.graded.outcomes if outcome.task != "double"]]
    assert list(mistake_findings(made(both, *mixed), TOY, suite, tally)) == []
    assert tally == Tally(tried=1, caught=1, named=1, unassessed=1)


ENTRY = '[[mistake]]\nid = "one"\nfind = "return 2 * x"\nreplace = "return x"\nfails = ["double"]\nwords = ["x"]\n'


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('"one"', '"as_it_came"', "mistake as_it_came: id = 'as_it_came': an earlier mistake has it; rename one"),
        ('["double"]', '["doble"]', "mistake one: fails = ['doble']: there is no task 'doble'; did you mean 'double'?"),
        ('["double"]', "[]", "mistake one: fails = []: name the tasks that it fails"),
        ('["x"]', "[]", "mistake one: words = []: write what the student's report must say of it"),
        ('["x"]', '[""]', "mistake one: words = ['']: write a list of texts, such as"),
        ('"return 2 * x"', '"return 3 * x"', "it occurs nowhere in solutions/toy/toy.py; choose a piece that occurs once"),
        ('"return 2 * x"', '"self.count"', "it occurs 3 times in solutions/toy/toy.py; choose a piece that occurs once"),
        ('"return x"', '"return 2 * x"', "replace = 'return 2 * x': write another text than `find`, or an empty one"),
        ('id = "one"\n', "", "mistake 4: 'id' is missing; add id = ..."),
        ("words", "wrods", "mistake one: unknown key 'wrods'; did you mean 'words'?"),
        ('words = ["x"]', 'words = ["x"]\nfile = "toz.py"', "file = 'toz.py': not handed in; did you mean 'toy.py'?"),
    ],
)
def test_malformed_mistake(toy: Path, old: str, new: str, wrong: str) -> None:
    path = toy / LISTED
    path.write_text(path.read_text() + ENTRY.replace(old, new))
    mistakes, (found,) = load_mistakes(Parts.of(Course(toy), "toy"))
    assert found.startswith(f"{LISTED}, mistake ")
    assert wrong in found
    assert [one.id for one in mistakes] == ["as_it_came", "counts_calls", "takes_negatives"]


def test_list_of_mistakes(toy: Path) -> None:
    parts, path = Parts.of(Course(toy), "toy"), toy / LISTED
    path.write_text(path.read_text().replace('fails = ["refuse"]', 'fails = ["double"]'))
    assert load_mistakes(parts)[1] == [f"{LISTED}: no mistake fails the task 'refuse'; write one that does"]
    path.write_text('mistake = "one"\n')
    assert load_mistakes(parts) == ([], [f"{LISTED}: mistake is no list; write [[mistake]] above each"])
    path.unlink()
    wrong = f"{LISTED}: not there; a suite that no wrong solution has met is untested: write some"
    assert load_mistakes(parts) == ([], [wrong])


# ---------------------------------------------------------------- answers of the wrong kind


def test_contact_with_the_toy(run: Run, toy_crew: Crew) -> None:
    modules = dict(contact_modules(TOY, everything=True))
    assert {"None", "text", "an array of shape (0,)", "an array of objects", "an object of its own class"} < modules.keys()
    runs = [run(Trial("contact", label, files)) for label, files in modules.items()]
    assert list(contact_findings(runs, TOY, toy_crew.suites["toy"])) == []
    assert all(len(ran.graded.outcomes) == 7 for ran in runs)
    assert not any(outcome.kind in ("undone", "import") for ran in runs for outcome in ran.graded.outcomes)


CLASSES = b"""
import numpy as np
class A(np.generic):
    def __init__(self, n): raise NotImplementedError
class B:
    x = 1
    def f(self, a, *, b=2): raise NotImplementedError
"""


def test_modules_keep_the_signatures_of_the_stub() -> None:
    (label, files), *_ = contact_modules(_With(TOY, CLASSES), everything=False)  # type: ignore[arg-type]
    assert label == "None"
    names: dict[str, Any] = {}
    exec(files["toy.py"], names)
    assert names["B"]().f(1, b=3) is None
    assert names["B"]().anything is None
    assert names["B"].x == 1
    assert b"super().__init__()" in files["toy.py"]
    with pytest.raises(AttributeError):
        names["B"]().__array__  # noqa: B018
    with pytest.raises(TypeError):
        names["B"]().f()


class _With:
    """Parts with another stub."""

    def __init__(self, parts: Parts, stub: bytes) -> None:
        self.assignment, self._stub = parts.assignment, stub

    def stub(self) -> dict[str, bytes]:
        return {"toy.py": self._stub, "notes.txt": b"as it is"}


def test_what_is_not_python_stays_as_it_is() -> None:
    modules = dict(contact_modules(_With(TOY, b"def f(:\n"), everything=False))  # type: ignore[arg-type]
    assert modules["None"] == {"toy.py": b"def f(:\n", "notes.txt": b"as it is"}
    assert modules["nothing: an empty module"] == {"toy.py": b"", "notes.txt": b"as it is"}


def test_a_test_that_wrong_answers_pass(toy_crew: Crew) -> None:
    passes = Outcome("test_positive", "refuse", "passed", fraction=1.0)
    runs = [made(Trial("contact", name, {}), passes) for name in ("None", "text")]
    assert list(contact_findings(runs, TOY, toy_crew.suites["toy"])) == [
        "hidden suite, refuse, test_positive: it passes where every function returns None or text, so undone work earns "
        "points; where that is a right answer, ask in the same test also for one that is not: another input, or what the "
        "call has changed"
    ]


def test_a_suite_that_breaks(toy_crew: Crew) -> None:
    broken = Outcome("test_fresh", "counter", "fault", kind="fault", detail="test_toy.py:3: x\nKeyError: 'a'")
    runs = [made(Trial("contact", "None", {}), broken), made(Trial("contact", "text", {}), fault="it died")]
    assert list(contact_findings(runs, TOY, toy_crew.suites["toy"])) == [
        "every function returns text (hidden suite): the grader failed: it died",
        "hidden suite, counter, test_fresh: a fault of the grader where every function returns None: KeyError: 'a'; "
        "mend the suite",
    ]


# ---------------------------------------------------------------- how much is run


def test_a_sample_is_always_the_same_and_differs_by_salt() -> None:
    names = [f"task{k}" for k in range(20)]
    assert sampled(names, 3, "a") == sampled(reversed(names), 3, "a")
    assert len({tuple(sampled(names, 3, salt)) for salt in "abcdefgh"}) > 4
    assert sampled(names, 30) != names
    assert sorted(sampled(names, 30)) == sorted(names)


def test_tasks_that_are_quick() -> None:
    spent = {"double": [0.01, 0.02], "counter": [0.04], "refuse": [0.2]}
    outcomes = [Outcome("t", task, "passed", seconds=s) for task, each in spent.items() for s in each]
    assert quick_tasks(outcomes) == {"double", "counter"}
    assert quick_tasks([]) == set()


def test_budget_and_full_matrix() -> None:
    mistakes, _ = load_mistakes(TOY)
    for trial in mistake_trials(TOY, mistakes, ["double", "counter"], everything=False):
        assert trial.mistake is not None
        assert trial.tasks is not None
        assert {*trial.mistake.fails} < {*trial.tasks} <= {*trial.mistake.fails, "double", "counter"}
        assert len(trial.tasks) == len(trial.mistake.fails) + 1
    assert [trial.tasks for trial in mistake_trials(TOY, mistakes, [], everything=True)] == [None] * 3
    some, every = ([*hidden_trials(TOY, everything=everything)] for everything in (False, True))
    right = [trial.how for trial in every if trial.role == "right"]
    orders = ["", "reversed", "double alone", "counter alone", "refuse alone"]
    assert right == [*orders, *orders]
    assert [trial.how for trial in some if trial.role == "right"] == [*orders, ""]
    assert sum(trial.role == "contact" for trial in some) < sum(trial.role == "contact" for trial in every)
    assert [trial.how for trial in in_process_trials(TOY, everything=False)] == ["reversed", "reversed"]
    assert [trial.how for trial in in_process_trials(TOY, everything=True) if trial.role == "right"] == right
    assert [trial.role for trial in public_trials(TOY, everything=False)] == ["stub", "right"]
    assert [trial.role for trial in public_trials(TOY, everything=True)] == ["stub", "right", "right"]
