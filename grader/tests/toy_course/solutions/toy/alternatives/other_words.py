"""Right by other means: addition, a class attribute, an assertion turned into the error that is asked for."""

import numpy as np


def double(x):
    return np.add(x, x)


class Counter:
    count = 0

    def step(self, by=1):
        self.count = self.count + by
        return self.count


def refuse(x):
    try:
        assert not x < 0
    except AssertionError:
        raise ValueError from None
    return x
