import numpy as np
import pytest

from grader.checks import expect_close


@pytest.mark.task("double")
def test_double(submission):
    expect_close(submission.double(np.array([1.0, 2.0])), [2.0, 4.0])


@pytest.mark.task("counter")
def test_counter(submission):
    counter = submission.Counter()
    counter.step()
    assert counter.step(2) == 3


@pytest.mark.task("refuse")
def test_refuse(submission):
    with pytest.raises(ValueError):
        submission.refuse(-1.0)
