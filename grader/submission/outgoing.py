"""What a test may hand to student code beside plain values: handles, guest functions, arrays that arrive as tensors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from grader.errors import SuiteFault
from grader.worker.codec import Encoder, is_plain
from grader.worker.frame import TooLarge

__all__ = ["GuestFunction", "Guests", "Outgoing", "Tensor", "as_tensor"]


_NOT_ON_MPS = ("<f8", "<c16")


@dataclasses.dataclass(frozen=True)
class Tensor:
    """An array that the worker receives as a torch tensor of the same dtype on `device`."""

    array: Any
    device: str = "cpu"


def as_tensor(array: Any, device: str = "cpu") -> Tensor:
    """Mark a NumPy array, so that student code gets a torch tensor with its values and dtype."""
    return Tensor(array, device)


@dataclasses.dataclass(frozen=True)
class GuestFunction:
    """A function of the suite's guest.py, by name. It exists in the worker only; calling it calls it there."""

    name: str
    run: Callable[..., Any] = dataclasses.field(repr=False, compare=False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function's result; arguments and result cross as with student code."""
        __tracebackhide__ = True
        return self.run(self, args, kwargs)


class Guests:
    """The functions of the suite's guest.py as attributes."""

    def __init__(self, run: Callable[..., Any]) -> None:
        self._run = run

    def __getattr__(self, name: str) -> GuestFunction:
        if name.startswith("__"):
            raise AttributeError(name)
        return GuestFunction(name, self._run)


class Outgoing(Encoder):
    """Encodes what a test passes. `own(value)` gives the node of a handle of this port's, else None.

    Raises SuiteFault for what no student's function could ever receive, a lambda for instance.
    """

    def __init__(self, own: Callable[[Any], list[Any] | None]) -> None:
        super().__init__(self._other)
        self._own = own

    def operand(self, value: Any) -> Any:
        """The node of `value`."""
        try:
            return self.encode(value)
        except TooLarge as error:
            raise SuiteFault(f"the suite passes {error}") from None

    def _other(self, value: Any) -> list[Any]:
        if isinstance(value, GuestFunction):
            return ["G", value.name]
        if isinstance(value, Tensor):
            return self._tensor(value)
        node = self._own(value)
        if node is None:
            raise SuiteFault(
                f"the suite passes {_described(value)}; "
                "only values, handles and functions of guest.py can reach student code"
            )
        return node

    def _tensor(self, tensor: Tensor) -> list[Any]:
        node = self.encode(tensor.array)
        if type(node) is not list or node[0] != "a":
            raise SuiteFault("as_tensor takes a NumPy array of numbers")
        if tensor.device.startswith("mps") and node[1] in _NOT_ON_MPS:
            raise SuiteFault(f"as_tensor(x, {tensor.device!r}): MPS has no {tensor.array.dtype}; write x.astype('float32')")
        return ["T", *node[1:], tensor.device]


def _described(value: Any) -> str:
    kind = type(value)
    if callable(value):
        return f"the function {getattr(value, '__name__', kind.__name__)!r}"
    dtype = getattr(value, "dtype", None)
    if dtype is not None and hasattr(dtype, "kind") and not is_plain(dtype):
        return f"an array of {dtype}"
    return f"an object of type {kind.__name__!r}"
