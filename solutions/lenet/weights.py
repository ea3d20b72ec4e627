"""Which of a model's parameters is which: by shape and order, whatever its layers are called; and numbers to put there."""

from __future__ import annotations

import dataclasses

import numpy as np

from grader.errors import CheckFailed
from grader.submission import as_tensor

from .nets import specs

__all__ = ["Places", "drawn", "places_of"]


@dataclasses.dataclass(frozen=True)
class Places:
    """Where the parameters of each layer are: {"weight": 0, "bias": 1} for every layer, and for norms {"mean": 0, "var": 1}
    among the buffers.
    """

    parameters: list[dict[str, int]]
    buffers: list[dict[str, int]]
    shapes: list[tuple[int, ...]]
    buffer_shapes: list[tuple[int, ...]]


def places_of(steps, parameters, buffers, *, free_biases=False):
    """The places of the layers of these steps among what guest.built tells; raises CheckFailed where they do not fit.

    `free_biases`: convolutions may do without (a batch norm comes after them).
    """
    layers = specs(steps)
    shapes = [tuple(shape) for _, _, shape in parameters]
    free = list(range(len(parameters)))
    found = [{"weight": _take(free, parameters, name, kind == "norm", shape)} for name, kind, shape in layers]
    for (name, kind, shape), places in zip(layers, found, strict=True):
        optional = free_biases and kind == "conv"
        place = _bias(free, parameters, name, kind == "norm", shape[:1], places["weight"], optional)
        if place is not None:
            places["bias"] = place
    if free:
        extra = parameters[free[0]]
        what = "a batch norm" if extra[1] else "a layer"
        raise CheckFailed(
            f"{len(free)} parameters more than asked for, among them one of shape {tuple(extra[2])}, of {what}; "
            f"there should be {_list(layers)}"
        )
    statistics = [_statistics(buffers, layers, index) for index in range(len(layers))]
    return Places(found, statistics, shapes, [tuple(shape) for _, _, shape in buffers])


def _take(free, parameters, name, norm, shape):
    """The first free parameter of this shape."""
    place = next((k for k in free if tuple(parameters[k][2]) == shape and parameters[k][1] == norm), None)
    if place is None:
        raise CheckFailed(_missing(parameters, free, name, norm, shape))
    free.remove(place)
    return place


def _missing(parameters, free, name, norm, shape):
    if not parameters:
        return "the model has no parameters: layers in a plain list are not registered; in an nn.ModuleList they are"
    what = f"{name}: " + ("its factors" if norm else "its weight")
    there = [tuple(p[2]) for p in parameters if p[1] == norm and len(p[2]) == len(shape)]
    text = f"{what}, of shape {shape}, is not there; there are {_shapes(there) if there else 'none of that kind'}"
    exchanged = (shape[1], shape[0], *shape[2:]) if len(shape) > 1 else None
    if exchanged in there and exchanged != shape:
        text += ": inputs and outputs are exchanged"
    elif any(len(s) == 4 and s[:2] == shape[:2] for s in there):
        text += ": the kernel has another size"
    elif any(len(s) == 2 and s[0] == shape[0] for s in there):
        text += ": another number of values goes into it"
    return text


def _bias(free, parameters, name, norm, shape, weight, optional):
    """The free parameter of this shape, that of the layer which holds the weight first."""
    fitting = [k for k in free if tuple(parameters[k][2]) == shape and parameters[k][1] == norm]
    own = [k for k in fitting if parameters[k][0] == parameters[weight][0]]
    if not fitting or (optional and not own):
        if optional:
            return None
        raise CheckFailed(f"{name} has no bias; it is asked for as PyTorch makes it by default, with one")
    place = (own or fitting)[0]
    free.remove(place)
    return place


def _statistics(buffers, layers, index):
    """The running statistics of a layer, where it is a norm: the k-th of its size has the k-th buffers of that size."""
    name, kind, shape = layers[index]
    if kind != "norm":
        return {}
    turn = sum(1 for _, k, s in layers[:index] if k == "norm" and s == shape)
    found = {}
    for key, last in (("mean", "running_mean"), ("var", "running_var")):
        fitting = [k for k, (norm, tail, size) in enumerate(buffers) if norm and tail == last and tuple(size) == shape]
        if len(fitting) <= turn:
            raise CheckFailed(
                f"{name} keeps no running statistics, which evaluation needs: nn.BatchNorm2d as it is by default"
            )
        found[key] = fitting[turn]
    return found


def _list(layers):
    return ", ".join(f"{name} {shape}" for name, _, shape in layers)


def _shapes(found):
    return ", ".join(map(str, found[:9])) + (" ..." if len(found) > 9 else "")


def drawn(rng, places):
    """Random numbers for a model: a dict for each layer for the oracle, and what guest.fill takes.

    Weights are drawn as wide as He's, so that every layer shows in the logits.
    """
    arrays = [_numbers(rng, shape) for shape in places.shapes]
    buffers = [None] * len(places.buffer_shapes)
    layers = []
    for known, running in zip(places.parameters, places.buffers, strict=True):
        if running:  # of a norm: factors and variances above 0
            arrays[known["weight"]] = rng.uniform(0.6, 1.4, places.shapes[known["weight"]]).astype(np.float32)
            buffers[running["mean"]] = rng.normal(0, 0.3, places.buffer_shapes[running["mean"]]).astype(np.float32)
            buffers[running["var"]] = rng.uniform(0.5, 2, places.buffer_shapes[running["var"]]).astype(np.float32)
        layer = {role: arrays[place].astype(np.float64) for role, place in known.items()}
        layer.setdefault("bias", np.zeros(places.shapes[known["weight"]][0]))
        layers.append(layer | {role: buffers[place].astype(np.float64) for role, place in running.items()})
    sent = [None if array is None else as_tensor(array) for array in buffers]
    return layers, [as_tensor(array) for array in arrays], sent


def _numbers(rng, shape):
    if len(shape) < 2:
        return rng.normal(0, 0.2, shape).astype(np.float32)
    return (rng.standard_normal(shape, np.float32) * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)
