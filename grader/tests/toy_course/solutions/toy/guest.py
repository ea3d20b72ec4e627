"""Runs beside the student's code."""


def plus_one(x):
    return x + 1


def apply_twice(function, x):
    return function(function(x))
