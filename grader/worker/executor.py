"""Operations on student code: load the module, get, set, call, index, iterate. One instance holds one freshly run module.

Both backends use it: the sandboxed worker behind a socket, the in-process one behind a function call. It takes a
request (a dict and buffers as they came off the wire) and gives a reply of the same kind.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from .codec import Encoder
from .decode import Decoder
from .frame import Buffer, FrameError
from .snapshot import Snapshot

__all__ = ["Executor"]

_name_of = type.__dict__["__name__"].__get__  # a class of a metaclass may lie about its own name
_ITEMS = 100_000  # of one iteration: a generator may be endless


class Executor:
    """Performs requests on the objects of one module.

    `module` is the path of the student's module; the names of the files beside it are the only ones that a report may
    name. `guest` is the path of the suite's guest module, or None.
    """

    def __init__(self, module: str, guest: str | None = None) -> None:
        self._module, self._guest_path = module, guest
        self._guest: ModuleType | None = None
        self._objects: dict[int, Any] = {}
        self._next = 1
        self._operations: dict[str, Callable[..., Any]] = {
            "load": self._load, "get": getattr, "set": setattr, "item": lambda o, key: o[key], "set_item": _set_item,
            "len": len, "iter": _items, "repr": _repr, "enter": lambda o: o.__enter__(), "ping": lambda: None,
            "exit": lambda o: o.__exit__(None, None, None), "put": lambda value: _Held(value), "names": _names,
        }  # fmt: skip

    def perform(self, request: dict[str, Any], buffers: list[Buffer]) -> tuple[dict[str, Any], list[Buffer]]:
        """Reply and buffers for one request. An exception of student code passes through."""
        __tracebackhide__ = True
        for dropped in request.get("drop", ()):
            self._objects.pop(dropped, None)
        decoder = Decoder(buffers, lambda number, _: self._objects[number], special=self._special)
        if request["op"] == "call":
            return self._call(request, decoder, buffers)
        result = self._operations[request["op"]](*[decoder.decode(node) for node in request["args"]])
        return self._reply(result, [])

    def _call(self, request: dict[str, Any], decoder: Decoder, buffers: list[Buffer]) -> tuple[dict[str, Any], list[Buffer]]:
        __tracebackhide__ = True
        function = decoder.decode(request["args"][0])
        positional, named = request["args"][1], request["args"][2]
        snapshot = Snapshot(buffers)
        args = [decoder.decode(node) for node in positional]
        kwargs = {name: decoder.decode(node) for name, node in named}
        result = function(*args, **kwargs)
        changed = snapshot.changed([*enumerate(positional), *named], [*args, *kwargs.values()])
        return self._reply(result, [_parameter(function, label) for label in changed])

    def _reply(self, result: Any, mutated: Sequence[str]) -> tuple[dict[str, Any], list[Buffer]]:
        encoder = Encoder(self._keep)
        tree = encoder.encode(result)
        return ({"ok": tree, "mutated": list(mutated)} if mutated else {"ok": tree}), encoder.buffers

    def _keep(self, value: Any) -> list[Any]:
        if type(value) is _Held:
            value = value.value
        number, self._next = self._next, self._next + 1
        self._objects[number] = value
        return ["h", number, _type_name(value)]

    def _special(self, tag: str, node: list[Any], decoder: Decoder) -> Any:
        if tag == "G":
            return getattr(self._guest_module(), node[1])
        if tag == "T":
            import torch

            return torch.from_numpy(decoder.ndarray(node[1], node[2], node[3])).to(node[4])
        raise FrameError(f"an unknown tag {tag!r}")

    def _load(self) -> ModuleType:
        __tracebackhide__ = True
        return _run(self._module)

    def _guest_module(self) -> ModuleType:
        if self._guest is None:
            if self._guest_path is None:
                raise FrameError("the suite has no guest module")
            self._guest = _run(self._guest_path)
        return self._guest


class _Held:
    """Marks a value that stays in the worker although it could cross."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _run(path: str) -> ModuleType:
    """The module of this file, executed afresh, with its folder importable while and after it runs."""
    __tracebackhide__ = True
    folder, name = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    if folder not in sys.path:
        sys.path.insert(0, folder)
    loader = importlib.machinery.SourceFileLoader(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None:
        raise ImportError(f"{os.path.basename(path)} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # From the source itself: cached bytecode is told apart by whole seconds and size, and a student saves often
    exec(loader.source_to_code(loader.get_data(path), path), module.__dict__)
    return module


def _items(value: Any) -> list[Any]:
    """The items of an iteration, the first 100,000 at most."""
    result: list[Any] = []
    for item in value:
        if len(result) == _ITEMS:
            raise ValueError(f"the iteration goes on after {_ITEMS:,} items")
        result.append(item)
    return result


def _set_item(target: Any, key: Any, value: Any) -> None:
    target[key] = value


def _repr(value: Any) -> str:
    return repr(value)[:10_000]


def _names(value: Any) -> list[str]:
    return [name for name in dir(value) if not name.startswith("_")][:1000]


def _type_name(value: Any) -> str:
    kind = type(value)
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if numpy is not None and issubclass(kind, numpy.ndarray):
        return f"array of {value.dtype}"
    if torch is not None and issubclass(kind, getattr(torch, "Tensor", ())):
        return _kind_of_tensor(torch, value)
    return str(_name_of(kind))[:80]


def _kind_of_tensor(torch: Any, tensor: Any) -> str:
    """Why a tensor has not crossed; a dense one of ordinary numbers has been told to stay."""
    if tensor.is_nested:
        return "nested tensor"
    if tensor.layout != torch.strided:
        return f"sparse tensor ({str(tensor.layout).removeprefix('torch.')})"
    if tensor.device.type == "meta":
        return "tensor on meta, a device that holds no values"
    return f"tensor of {str(tensor.dtype).removeprefix('torch.')}"


def _parameter(function: Any, label: int | str) -> str:
    """The parameter's name for a position or a keyword."""
    if isinstance(label, str):
        return label
    try:
        return list(inspect.signature(function).parameters)[label]
    except (TypeError, ValueError, IndexError):
        return f"argument {label + 1}"
