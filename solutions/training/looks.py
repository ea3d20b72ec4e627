"""A look at what came back: of the right kind and shape, as it was before, random as it should be; and words if not."""

from __future__ import annotations

import math

import numpy as np

from grader.checks import describe
from grader.errors import CheckFailed

from .events import EventError, read_events

__all__ = [
    "LISTS", "MEAN", "NOISE", "STATE", "STD", "a_float", "an_int", "as_before", "chosen_in_order", "disjoint", "each",
    "events_of", "floats", "history_of", "is_noise", "moved", "nothing_random", "other_place", "out_of", "pictures",
    "ramps", "records_of", "same", "scale_mistakes", "scaled", "several", "sweep_length", "unfit",
    "without_gradients",
]  # fmt: skip

LISTS = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
NOISE = 0.05
STATE = "weights and buffers: load a copy (copy.deepcopy) of its state dict"


def several(answer, count, wanted):
    """The `count` values that came back."""
    if not isinstance(answer, tuple | list) or len(answer) != count:
        raise CheckFailed(f"it returned {describe(answer)}; {count} values are expected: {wanted}")
    return answer


def a_float(value, name):
    """A Python float."""
    if not isinstance(value, float | int) or isinstance(value, bool):
        advice = "; .item() makes a Python float of a tensor that holds one number" if isinstance(value, np.ndarray) else ""
        raise CheckFailed(f"{name} is {describe(value)}; a Python float is expected{advice}")
    return float(value)


def an_int(value, name):
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise CheckFailed(f"{name} is {describe(value)}; an int is expected")
    return value


def floats(value, name):
    """A list of Python floats."""
    if not isinstance(value, list):
        raise CheckFailed(f"{name} is {describe(value)}; a list of Python floats is expected")
    for item in value:
        if isinstance(item, np.ndarray):
            raise CheckFailed(
                f"{name} holds tensors; loss.item() is a Python float, and lets go of all that led to the loss"
            )
        a_float(item, f"an entry of {name}")
    return np.array(value, np.float64)


def as_before(guest, model, before):
    """Raises CheckFailed where a module is in another mode than it was."""
    after = guest.modes(model)
    if after != before:
        what = "the model" if after[0] != before[0] else "a module in the model (a frozen layer, for instance)"
        raise CheckFailed(
            f"{what} was in {_mode(before, after)} mode, and is not any more: note module.training of all model.modules(), "
            "and put it back"
        )


def _mode(before, after):
    return "training" if next(a for a, b in zip(before, after, strict=True) if a != b) else "evaluation"


def without_gradients(calls, training=False):
    """Raises CheckFailed where a call in evaluation mode had gradients enabled. `calls` of a Gauge."""
    if any(graph for mode, graph, _ in calls if mode is training):
        raise CheckFailed("gradients are tracked in the evaluation, which costs time and memory: torch.no_grad() is missing")


def moved(submission, guest, function, model, loss, arguments, **named):
    """What the function gives on a device that is pretended."""
    result, inputs, labels, doubles = guest.elsewhere(getattr(submission, function), "mps", model, loss, *arguments, **named)
    for there, what in ((inputs, "inputs"), (labels, "labels")):
        if not there:
            raise CheckFailed(f"the {what} of a batch are not moved to `device`: {what}.to(device)")
    if doubles:
        raise CheckFailed(
            f"{doubles[0]!r:.60} made float64, which Apple's MPS has not; stay with float32, or use Python's floats"
        )
    return result


def history_of(answer):
    """The dict that came back."""
    if not isinstance(answer, dict):
        raise CheckFailed(f"it returned {describe(answer)}; the history is a dict")
    for name in (*LISTS, "learning_rate", "best_epoch"):
        if name not in answer:
            raise CheckFailed(f"the history has no {name!r}; it has {describe(list(answer))}")
    return answer


def each(suspects):
    return {words: [value] for words, value in suspects.items()}


def sweep_length(losses, best):
    """How many losses come before the first that is not finite or above 4 times the `best` of those before it."""
    end = (k for k in range(1, len(losses)) if not losses[k] <= 4 * best(losses[:k]))
    return next(end, len(losses))


def same(whose, before, after, what):
    """Raises CheckFailed where a state has changed."""
    if not isinstance(after, dict) or after.keys() != before.keys():
        raise CheckFailed(f"after the sweep {whose} state has other entries than before")
    for name, value in before.items():
        if not np.array_equal(value, after[name]):
            raise CheckFailed(f"the sweep leaves {whose} {name} changed: put back its {what}")


def other_place(found, lrs, losses):
    """Which other place it is."""
    u = np.log10(lrs)
    smooth = np.convolve(losses, np.ones(9) / 9, "same")[5:-5]
    places = {
        "the loss is lowest there; it falls most steeply long before": u[np.argmin(losses)],
        "a single loss lies off there: smooth the losses first": u[np.argmin(np.diff(losses))] + 0.02,
        "the loss grows most steeply there": u[5:-5][np.argmax(np.gradient(smooth, u[5:-5]))],
        "the slope is taken over the learning rate; over its logarithm it is comparable from end to end": u[5:-5][
            np.argmin(np.gradient(smooth, lrs[5:-5]))
        ],
        "the loss is highest there": u[np.argmax(losses)],
    }
    return next((f": {words}" for words, place in places.items() if abs(np.log10(found) - place) < 0.3), "")


def unfit(name, groups):
    return "" if any(name.startswith(prefix) for prefix, _ in groups) else ": what no prefix fits has the factor 1"


def is_noise(noise, mean, std, name="the noise"):
    """Raises CheckFailed unless these are independent normal numbers (axes 0, 1, 2)."""
    n = noise.size
    if not np.any(noise):
        raise CheckFailed(f"{name} is 0 everywhere")
    inner = noise.std(axis=(1, 2)), noise.std(axis=(0, 2)), noise.std(axis=(0, 1))
    if any(np.median(part) < 0.5 * noise.std() for part in inner) or noise.std() < 1e-3 * std:
        raise CheckFailed("many values share one draw: every element has noise of its own, as of torch.randn_like(tensor)")
    for value, right, error, words in (
        (noise.mean(), mean, std / math.sqrt(n), "mean"),
        (noise.std(), std, std / math.sqrt(2 * n), "standard deviation"),
    ):
        if abs(value - right) > 6 * error:
            raise CheckFailed(f"{name} has a {words} of {value:.3g}; {right:g} is expected{_spread(noise, mean, std)}")
    inside = (np.abs(noise - mean) < std).mean()
    if abs(inside - 0.6827) > 6 * math.sqrt(0.25 / n):
        raise CheckFailed(
            f"{name} is not normal: {inside:.1%} of it lies within one deviation of its mean, of normal noise 68.3 %"
        )


def _spread(noise, mean, std):
    known = {
        "std is taken for the variance": (mean, math.sqrt(std)),
        "the variance is std, not its square": (mean, std**2),
        "std is left out": (mean, 1.0),
        "mean and std are exchanged": (std, abs(mean)),
        "the mean is multiplied by std": (mean * std, std),
        "the mean is left out": (0.0, std),
        "the mean is subtracted": (-mean, std),
        "the noise is uniform from 0 to 1 (rand), not normal (randn)": (mean + std / 2, std / math.sqrt(12)),
    }
    near = [
        words
        for words, (m, s) in known.items()
        if abs(noise.mean() - m) < 0.02 * std + 1e-3 and abs(noise.std() - s) < 0.02 * s + 1e-3
    ]
    return f": {near[0]}" if near else ""


def pictures(found, size, count, name):
    """`count` arrays (3, size, size)."""
    results, kinds = found
    for result, what in zip(several(results, count, "results"), kinds, strict=True):
        if what != "float32 tensor":
            raise CheckFailed(f"{name} gives a {what}; a float32 tensor is expected")
        if np.shape(result) != (3, size, size):
            raise CheckFailed(f"{name} gives the shape {np.shape(result)} for size={size}; {(3, size, size)} is expected")
    return [np.asarray(result, np.float64) for result in results]


def scaled(values):
    """Standardised values of channels (3, ...) from 0 to 1."""
    shape = (3, *[1] * (np.ndim(values) - 1))
    return (values - MEAN.reshape(shape)) / STD.reshape(shape)


def scale_mistakes(colour):
    """In place of the standardised colour (3,)."""
    return {
        "the numbers are not standardised: (value - MEAN) / STD": colour,
        "MEAN is not subtracted": colour / STD,
        "it is not divided by STD": colour - MEAN,
        "the numbers are from 0 to 255 when they are standardised; scale them to [0, 1] first": (255 * colour - MEAN) / STD,
        "the numbers are standardised twice": ((colour - MEAN) / STD - MEAN) / STD,
        "MEAN and STD of 0.5 are taken; those of the module are asked for": (colour - 0.5) / 0.5,
    }


def nothing_random(first, second):
    if np.array_equal(first, second):
        return
    noisy = np.abs(np.diff(first - second, axis=2)).mean() > 0.01
    what = "noise (GaussianNoise belongs to training)" if noisy else "a random crop or mirroring"
    raise CheckFailed(
        f"eval_transform gives two results for one image: there is {what} in it; nothing in evaluation is random"
    )


def ramps(H, W, size, tilt):
    """(image (H, W, 3) uint8 with a slope of its own in each channel; the middle as asked for; and three other ways)."""

    def colours(rows, columns):
        """At relative places: across, down, and both."""
        rows, columns = np.broadcast_arrays(rows[:, None], columns[None, :])
        planes = np.stack([columns, rows, (rows + columns) / 2])
        return 0.5 + (planes - 0.5) * tilt[:, None, None]

    def places(count, low=0.0, high=1.0):
        return low + (np.arange(count) + 0.5) / count * (high - low)

    side = min(H, W)
    margins = [(length - side) / 2 / length for length in (H, W)]
    image = np.rint(255 * colours(places(H), places(W))).transpose(1, 2, 0).astype(np.uint8)
    middle = [places(size, m, 1 - m) for m in margins]
    crops = [np.clip((np.arange(size) + 0.5 + (n - size) // 2) / n, 0, 1) for n in (H, W)]
    ways = middle, [places(size)] * 2, [places(size, 0, 1 - 2 * m) for m in margins], crops
    return image, *(scaled(colours(*way)) for way in ways)


def chosen_in_order(items, chosen):
    inside = [item in chosen for item in items]
    return sum(a != b for a, b in zip(inside, inside[1:], strict=False)) <= 1


def disjoint(items, train, val):
    if both := set(train) & set(val):
        raise CheckFailed(f"{len(both)} of the items are in both parts: what is validated with has been trained on (a leak)")
    if missing := set(items) - set(train) - set(val):
        raise CheckFailed(f"{len(missing)} of the items are in neither part")
    if len(train) + len(val) != len(items):
        raise CheckFailed("some items are in a part twice")


def out_of(path):
    return describe(f"out/{path}")


def events_of(found):
    """The events of what was written, and raises CheckFailed where it is unreadable or the writer was closed."""
    files, still_open = several(found, 2, "files")
    if not still_open:
        raise CheckFailed("the writer is closed; whoever opened it closes it")
    try:
        return read_events([several(file, 2, "path and content") for file in files])
    except EventError as error:
        raise CheckFailed(f"the event file cannot be read: {error}") from None


def records_of(recorder):
    """A list of (name, input shape, output shape)."""
    records = recorder.records
    if not isinstance(records, list):
        raise CheckFailed(f"records is {describe(records)}; a list is expected")
    return [
        [
            part if isinstance(part, str) else list(part)
            for part in several(record, 3, "a record: name, input shape, output shape")
        ]
        for record in records
    ]
