"""Toy assignment: what a student gets."""


def double(x):
    """Twice x. x: array of any shape; returns an array of that shape."""
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION


class Counter:
    """Counts its calls in `count`."""

    # BEGIN SOLUTION
    def __init__(self):
        self.count = 0

    # END SOLUTION
    def step(self, by=1):
        """Add `by`; return the new count."""
        # BEGIN SOLUTION
        self.count += by
        return self.count
        # END SOLUTION


def refuse(x):
    """Raise ValueError for a negative x, else return x."""
    # BEGIN SOLUTION
    if x < 0:
        raise ValueError("negative")
    return x
    # END SOLUTION
