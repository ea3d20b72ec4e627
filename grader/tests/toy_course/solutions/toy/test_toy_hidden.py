import pytest

from grader.checks import expect_close


@pytest.mark.task("double", weight=3)
@pytest.mark.parametrize("shape", [(4,), (2, 3)])
def test_values(submission, rng, shape):
    x = rng.normal(size=shape)
    expect_close(submission.double(x), 2 * x, suspects={"the input is returned as it came": x})


@pytest.mark.task("double")
def test_guest(submission, guest, rng):
    x = rng.normal(size=5)
    expect_close(guest.apply_twice(submission.double, guest.plus_one(x)), 4 * (x + 1))


@pytest.mark.task("counter")
def test_counts(submission):
    counter = submission.Counter()
    assert counter.step() == 1, "the first step gives 1"
    counter.count = 10
    assert counter.step(by=5) == 15, "a step adds to `count`"


@pytest.mark.task("counter")
def test_fresh(submission):
    assert submission.Counter().step() == 1, "every counter begins at 0"


@pytest.mark.task("refuse")
def test_negative(submission):
    with pytest.raises(ValueError):
        submission.refuse(-0.5)


@pytest.mark.task("refuse")
def test_positive(submission, rng):
    for x in (0.0, float(rng.uniform(0.1, 0.9))):
        assert submission.refuse(x) == x, "what is not negative comes back"
