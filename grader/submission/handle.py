"""Objects that stay in the worker, as a test sees them: explicit operations reach them, implicit ones raise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .port import Port

__all__ = ["Handle", "Submission"]


class Handle:
    """An object of the student's. Attributes, calling, `len`, indexing, iteration (100,000 items at most), `repr` and `with`
    are carried out in the worker; comparing it, its truth, arithmetic and conversion to a number raise TypeError, because
    the answer would be the student's word.
    """

    __slots__ = ("_port", "_number", "_type_name", "_label", "__weakref__")
    __grader_handle__ = True

    def __init__(self, port: Port, number: int, type_name: str, label: str) -> None:
        for name, value in (("_port", port), ("_number", number), ("_type_name", type_name), ("_label", label)):
            object.__setattr__(self, name, value)

    def __grader_clock__(self) -> Port:
        """Whose CPU time a call of this handle is."""
        port: Port = object.__getattribute__(self, "_port")
        return port

    def __getattribute__(self, name: str) -> Any:
        """Attributes of the object in the worker. Names with two leading underscores are the handle's own."""
        __tracebackhide__ = True
        if name.startswith("__"):
            return object.__getattribute__(self, name)
        port, label = _parts(self)
        return port.get(self, name, f"{label}.{name}" if label else name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute of the object in the worker."""
        __tracebackhide__ = True
        port, label = _parts(self)
        port.ask("set", [self, name, value], label)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it in the worker."""
        __tracebackhide__ = True
        port, label = _parts(self)
        return port.call(self, args, kwargs, label)

    def __len__(self) -> int:
        """Its length; anything but a count raises TypeError."""
        __tracebackhide__ = True
        length = _ask(self, "len")
        if type(length) is not int or length < 0:
            raise TypeError("the length of a student's object is no count")
        return length

    def __getitem__(self, key: Any) -> Any:
        """Item `key`."""
        __tracebackhide__ = True
        return _ask(self, "item", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Set item `key`."""
        __tracebackhide__ = True
        _ask(self, "set_item", key, value)

    def __iter__(self) -> Iterator[Any]:
        """Its items, taken in one go."""
        __tracebackhide__ = True
        items = _ask(self, "iter")
        if type(items) is not list:
            raise TypeError("the items of a student's object are no list")
        return iter(items)

    def __repr__(self) -> str:
        """Its repr in the worker."""
        __tracebackhide__ = True
        text = _ask(self, "repr")
        if type(text) is not str:
            raise TypeError("the repr of a student's object is no text")
        return text

    def __enter__(self) -> Any:
        """Enter it as a context manager."""
        __tracebackhide__ = True
        return _ask(self, "enter")

    def __exit__(self, *_: object) -> None:
        """Leave it; an exception of the test is not shown to it."""
        __tracebackhide__ = True
        _ask(self, "exit")

    def __del__(self) -> None:
        """Let the worker forget it."""
        port, _ = _parts(self)
        port.drop(object.__getattribute__(self, "_number"))

    __hash__ = None  # type: ignore[assignment]


def _refusal(name: str) -> Any:
    def refuse(self: Handle, *_: object) -> Any:
        __tracebackhide__ = True
        kind = object.__getattribute__(self, "_type_name")
        raise TypeError(f"{name} needs a value, but this is an object of type {kind!r} that stays in the worker")

    refuse.__name__ = name
    return refuse


_IMPLICIT = (
    "eq", "ne", "lt", "le", "gt", "ge", "bool", "contains", "float", "int", "index", "complex", "round", "array", "neg",
    "pos", "abs", "invert", "add", "sub", "mul", "truediv", "floordiv", "mod", "matmul", "pow", "and", "or", "xor",
    "lshift", "rshift", "radd", "rsub", "rmul", "rtruediv", "rfloordiv", "rmod", "rmatmul", "rpow", "rand", "ror", "rxor",
)  # fmt: skip
for _name in _IMPLICIT:
    setattr(Handle, f"__{_name}__", _refusal(f"__{_name}__"))


def _parts(handle: Handle) -> tuple[Port, str]:
    return object.__getattribute__(handle, "_port"), object.__getattribute__(handle, "_label")


def _ask(handle: Handle, op: str, *operands: Any) -> Any:
    __tracebackhide__ = True
    port, label = _parts(handle)
    return port.ask(op, [handle, *operands], label)


class Submission:
    """The student's module. Its names are attributes; the module runs at the first of them."""

    __slots__ = ("_port",)

    def __init__(self, port: Port) -> None:
        object.__setattr__(self, "_port", port)

    def __getattr__(self, name: str) -> Any:
        """A function, class or value that the module defines."""
        __tracebackhide__ = True
        if name.startswith("__"):
            raise AttributeError(name)
        port: Port = object.__getattribute__(self, "_port")
        return port.get(port.module(), name, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a name of the module."""
        __tracebackhide__ = True
        port: Port = object.__getattribute__(self, "_port")
        port.ask("set", [port.module(), name, value], name)
