"""The suite's own slow version."""


def double(x):
    return [[value + value for value in row] for row in x.tolist()]
