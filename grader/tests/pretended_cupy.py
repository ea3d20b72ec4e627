"""A stand-in for CuPy over NumPy: the package that tests install as `cupy` where there is no GPU.

As CuPy does, it refuses to mix its arrays with NumPy's, and to become one unasked. `NODE` is the file that stands for the
GPU's device node, `LIBRARY` the driver's library: without them there is no device.
"""

from __future__ import annotations

import ctypes
import os
import types

import numpy

NODE, LIBRARY = "/dev/nvidia0", "libcuda.so.1"  # whoever installs this may write others here

newaxis, pi = None, numpy.pi
float32, float64, intp, int64, bool_ = numpy.float32, numpy.float64, numpy.intp, numpy.int64, numpy.bool_


def _device():
    """Raises OSError without one, as it is found when first something is computed."""
    with open(NODE, "r+b"):
        ctypes.CDLL(LIBRARY)


def _unwrapped(value):
    if isinstance(value, numpy.ndarray):
        raise TypeError(f"Unsupported type {type(value)}")
    if isinstance(value, ndarray):
        return value._host
    if isinstance(value, tuple | list):
        return type(value)(map(_unwrapped, value))
    return value


def _wrapped(value):
    if isinstance(value, tuple | list):
        return type(value)(map(_wrapped, value))
    return ndarray(numpy.asarray(value)) if isinstance(value, numpy.ndarray | numpy.generic) else value


class _Function:
    """A function of NumPy's on our arrays; a ufunc has methods (`at`)."""

    def __init__(self, function):
        self._function = function

    def __call__(self, *args, **kwargs):
        _device()
        return _wrapped(self._function(*map(_unwrapped, args), **{k: _unwrapped(v) for k, v in kwargs.items()}))

    def __getattr__(self, name):
        return _Function(getattr(self._function, name))


class ndarray:
    """An array in the memory of the device."""

    __array_ufunc__ = None  # NumPy's arrays leave arithmetic to us

    def __init__(self, host):
        self._host = host

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._host, name)
        return _Function(found) if callable(found) else _wrapped(found)

    def get(self):
        """A copy in host memory."""
        return self._host.copy()

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        return map(_wrapped, self._host)

    def __float__(self):
        return float(self._host)

    def __getitem__(self, key):
        return _wrapped(self._host[_unwrapped(key)])

    def __setitem__(self, key, value):
        self._host[_unwrapped(key)] = _unwrapped(value)


def _operator(name):
    def operate(self, *others):
        return _Function(getattr(self._host, name))(*others)

    return operate


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    for _way in ("", "r", "i"):
        setattr(ndarray, f"__{_way}{_name}__", _operator(f"__{_way}{_name}__"))
for _name in ("neg", "pos", "abs", "eq", "ne", "lt", "le", "gt", "ge"):
    setattr(ndarray, f"__{_name}__", _operator(f"__{_name}__"))


def asarray(value, dtype=None):
    """From host memory, or as it is."""
    _device()
    return ndarray(numpy.array(value._host if isinstance(value, ndarray) else value, dtype=dtype))


array = asarray


def asnumpy(value):
    """In host memory."""
    return value.get()


def get_array_module(*arrays):
    """This module where one of the arrays is ours, else NumPy."""
    return _this if any(isinstance(each, ndarray) for each in arrays) else numpy


class _Namespace:
    def __init__(self, module):
        self._module = module

    def __getattr__(self, name):
        found = getattr(self._module, name)
        return _Namespace(found) if isinstance(found, types.ModuleType) else _Function(found)


lib = _Namespace(numpy.lib)
random = types.SimpleNamespace(seed=lambda seed: (_device(), seeds.append(seed)))
seeds: list[int] = []
cuda = types.SimpleNamespace(
    is_available=lambda: os.path.exists(NODE),
    get_current_stream=lambda: types.SimpleNamespace(synchronize=lambda: None),
)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return _Function(getattr(numpy, name))


_this = __import__("sys").modules[__name__]
