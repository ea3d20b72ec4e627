"""Toy assignment: what a student gets."""


def double(x):
    """Twice x. x: array of any shape; returns an array of that shape."""
    raise NotImplementedError


class Counter:
    """Counts its calls in `count`."""

    def step(self, by=1):
        """Add `by`; return the new count."""
        raise NotImplementedError


def refuse(x):
    """Raise ValueError for a negative x, else return x."""
    raise NotImplementedError
