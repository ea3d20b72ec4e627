"""The fixtures of a suite. Every one of them works the same in a student's own run and in the grader."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from grader.course.thresholds import TABLE_NAME, Threshold, load_thresholds
from grader.errors import CheckFailed, CourseError, SuiteFault
from grader.submission import Backend, Contact, Guests, Submission

from .marks import once_for_each_task, test_name
from .state import CONTACT, MARK, PROVIDER, Provider, TaskMark

if TYPE_CHECKING:
    import numpy as np

    from grader.checks.asked import Thresholds
    from grader.course.picture import Picture
    from grader.submission.port import Port

__all__ = [
    "baseline", "contact", "credit", "curves", "device", "fresh_guest", "fresh_submission", "guest", "picture", "rng",
    "seed", "submission", "threshold_table", "thresholds", "untouched",
]  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test may belong to several tasks."""
    once_for_each_task(metafunc)


@pytest.fixture
def contact(request: pytest.FixtureRequest) -> Contact:
    """What this test has seen of student code so far."""
    found: Contact = request.node.stash.setdefault(CONTACT, Contact())
    return found


@pytest.fixture
def submission(request: pytest.FixtureRequest, contact: Contact) -> Submission:
    """The student's module. It runs at the first use of one of its names."""
    task, backend, where = _task_backend_device(request)
    return Submission(backend.port(task, contact, where))


@pytest.fixture
def fresh_submission(request: pytest.FixtureRequest, contact: Contact) -> Iterator[Submission]:
    """The student's module in a worker of its own, as a timing needs it."""
    task, backend, where = _task_backend_device(request)
    port = backend.fresh(task, contact, where)
    yield Submission(port)
    port.close()


@pytest.fixture
def fresh_guest(fresh_submission: Submission) -> Guests:
    """Functions of the suite's guest.py in the worker of `fresh_submission`."""
    port: Port = object.__getattribute__(fresh_submission, "_port")
    return Guests(port.guest)


@pytest.fixture
def baseline(request: pytest.FixtureRequest) -> Iterator[Submission]:
    """The suite's baseline.py, in a worker without student code."""
    task, backend, _ = _task_backend_device(request)
    port = backend.baseline(task)
    yield Submission(port)
    port.close()


@pytest.fixture
def guest(request: pytest.FixtureRequest, contact: Contact) -> Guests:
    """Functions of the suite's guest.py, to pass to student code or to call beside it."""
    task, backend, where = _task_backend_device(request)
    return Guests(backend.port(task, contact, where).guest)


@pytest.fixture
def device(request: pytest.FixtureRequest) -> str:
    """Where this test computes, "cpu", "cuda" or "mps": to be handed to student code, or to `as_tensor(x, device)`."""
    _mark(request)
    return _provider(request).device(request.node)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A number that is this test's own: the same for every student, unknown to them before the grade."""
    _mark(request)
    return _provider(request).seeds(request.node).seed(test_name(request.node))


@pytest.fixture
def rng(seed: int) -> np.random.Generator:
    """A generator seeded with `seed`."""
    import numpy as np

    return np.random.default_rng(seed)


@pytest.fixture
def credit(contact: Contact) -> Callable[[float, str], None]:
    """`credit(fraction, why)`: the test is worth this fraction of its weight, should it pass; `why` is shown."""

    def grant(fraction: float, why: str) -> None:
        if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
            raise SuiteFault(f"credit({fraction!r}, ...): write a number from 0 to 1")
        contact.fraction = float(fraction)
        contact.note(why)

    return grant


@pytest.fixture
def picture(contact: Contact) -> Callable[..., None]:
    """`picture(array, caption)`: a picture on the student's page; see `grader.checks.drawn` for shapes and `tiles=`,
    `labels=`, `alt=`.

    It costs nobody a point: what cannot be drawn is left out. `array` may be a function of no arguments that gives one,
    and an exception of it leaves the picture out too. Show nothing that a student must not see.
    """
    from grader.checks.drawn import drawn

    return _shower(contact, drawn)


@pytest.fixture
def curves(contact: Contact) -> Callable[..., None]:
    """`curves({"training": losses}, caption, x="iteration", y="loss")`: a diagram on the student's page, as `picture` does
    it; see `grader.checks.plotted`.
    """
    from grader.checks.plotted import plotted

    return _shower(contact, plotted)


def _shower(contact: Contact, draw: Callable[..., Picture | None]) -> Callable[..., None]:
    def show(value: object, caption: str, **how: Any) -> None:
        with contextlib.suppress(Exception):
            made = draw(value() if callable(value) else value, caption, **how)
            if made is not None:
                contact.show(made)

    return show


@pytest.fixture
def untouched(contact: Contact) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """`with untouched():` around calls that must leave their arguments as they are, where the handout says so."""

    @contextlib.contextmanager
    def watch() -> Iterator[None]:
        before = len(contact.changed)
        yield
        changed = contact.changed[before:]
        if changed:
            more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
            raise CheckFailed(f"{changed[0]}{more}: the handout asks to leave it as it is; work on a copy")

    return watch


@pytest.fixture
def thresholds(request: pytest.FixtureRequest, contact: Contact) -> Thresholds:
    """What is asked of measured values, by name: the thresholds.toml beside a hidden suite."""
    from grader.checks.asked import Thresholds

    folder = request.path.parent
    if folder.parent.name != "solutions":
        raise SuiteFault(f"{request.path.name}: a public suite has no table of thresholds; write the number itself")
    return Thresholds(lambda: request.getfixturevalue("threshold_table"), folder / TABLE_NAME, contact.measured)


@pytest.fixture(scope="module")
def threshold_table(request: pytest.FixtureRequest) -> Mapping[str, Threshold]:
    """The table beside the suite, read once."""
    try:
        return load_thresholds(request.path.parent / TABLE_NAME)
    except CourseError as error:
        raise SuiteFault(str(error)) from None


def _task_backend_device(request: pytest.FixtureRequest) -> tuple[str, Backend, str]:
    mark, provider = _mark(request), _provider(request)
    return mark.task, provider.backend(request.node), provider.device(request.node)


def _provider(request: pytest.FixtureRequest) -> Provider:
    return request.config.stash[PROVIDER]


def _mark(request: pytest.FixtureRequest) -> TaskMark:
    mark: TaskMark | None = request.node.stash.get(MARK, None)
    if mark is None:
        raise SuiteFault(
            f'{request.node.name} uses {request.fixturename!r} but has no @pytest.mark.task("id"), '
            "or lies in no folder with an assignment.toml"
        )
    return mark
