"""What known mistakes of convolution and pooling give in place of the right answer: {words of the report: value}.

`case` is what the handout calls the case; it stands before the words.
"""

from __future__ import annotations

import numpy as np

from grader.checks import Shape, count_suspects, input_regions, layout_suspects, output_regions

from .oracle import conv, conv_gradients, out_size, pool, pool_gradient

__all__ = [
    "bias_mistakes", "conv_mistakes", "dw_mistakes", "dx_mistakes", "flatten_mistakes", "pool_gradient_mistakes",
    "pool_mistakes",
]  # fmt: skip


def framed(x, top, bottom, left, right, mode="constant"):
    """x (N, C, H, W) with so many rows and columns around it."""
    return np.pad(x.astype(np.float64), ((0, 0), (0, 0), (top, bottom), (left, right)), mode=mode)


def _steps(size, shape, down, across):
    """(i, j) of every output, and the slices of its window."""
    for i, j in np.ndindex(*size):
        yield i, j, (..., slice(i * down, i * down + shape[0]), slice(j * across, j * across + shape[1]))


# ---------------------------------------------------------------- convolution, forward


def conv_mistakes(x, w, b, stride, pad, case):
    """What known mistakes give in place of out."""
    (C, H, W), (HH, WW) = x.shape[1:], w.shape[2:]
    w, b = w.astype(np.float64), b.astype(np.float64)
    bias = b[:, None, None]

    def right():
        return conv(x, w, b, stride, pad)

    def slid(image, step=stride):
        return conv(image, w, b, step, 0)

    def of(weights):
        return lambda: conv(x, weights, b, stride, pad)

    known = {
        "the kernel is flipped: this is a true convolution; without flipping is asked for": of(w[:, :, ::-1, ::-1]),
        "the kernel is flipped in its rows": of(w[:, :, ::-1]),
        "the kernel is flipped in its columns": of(w[..., ::-1]),
        "the bias is missing": lambda: right() - bias,
        "the bias is added twice": lambda: right() + bias,
        "the bias is added once for each channel; once for each place is asked for": lambda: right() + (C - 1) * bias,
        "the bias is added once for each weight of the filter; once for each place is asked for": (
            lambda: right() + (C * HH * WW - 1) * bias
        ),
        "the bias is added once for each pixel of the window; once for each place is asked for": (
            lambda: right() + (HH * WW - 1) * bias
        ),
        "all filters have the bias of the first; each has its own": lambda: right() - bias + b[0],
        "the bias is subtracted": lambda: right() - 2 * bias,
        "the sum over the window is divided by its size": lambda: (right() - bias) / (C * HH * WW) + bias,
        "the padding is missing": lambda: slid(x),
        "the padding is on the top and left sides only": lambda: slid(framed(x, pad, 0, pad, 0)),
        "the padding is on the bottom and right sides only": lambda: slid(framed(x, 0, pad, 0, pad)),
        "all of the padding is on the top and left sides": lambda: slid(framed(x, 2 * pad, 0, 2 * pad, 0)),
        "all of the padding is on the bottom and right sides": lambda: slid(framed(x, 0, 2 * pad, 0, 2 * pad)),
        "only the rows are padded": lambda: slid(framed(x, pad, pad, 0, 0)),
        "only the columns are padded": lambda: slid(framed(x, 0, 0, pad, pad)),
        "the padding is 1 whatever pad is": lambda: slid(framed(x, 1, 1, 1, 1)),
        "the padding keeps H and W whatever pad is": lambda: conv(x, w, b, stride, (HH - 1) // 2),
        "the padding is twice as wide as pad": lambda: slid(framed(x, *[2 * pad] * 4)),
        "the padding repeats the border; zeros are asked for": lambda: slid(framed(x, *[pad] * 4, mode="edge")),
        "the padding mirrors the image; zeros are asked for": lambda: slid(framed(x, *[pad] * 4, mode="reflect")),
        "the padding is ones; zeros are asked for": lambda: slid(_ones_around(x, pad)),
        "the padding goes around N and C as well: pad only the last two axes": lambda: _padded_everywhere(
            x, w, b, stride, pad
        ),
        "the stride is ignored: windows are 1 apart": lambda: conv(x, w, b, 1, pad),
        "the stride is ignored where windows are placed: they are 1 apart": lambda: _corner(conv(x, w, b, 1, pad), right()),
        "the stride is used in the rows only": lambda: _stepped(x, w, b, stride, 1, pad),
        "the stride is used in the columns only": lambda: _stepped(x, w, b, 1, stride, pad),
        "the number of windows is rounded up; windows that do not fit are left out": lambda: _beyond(x, w, b, stride, pad),
        "H and W are exchanged: rows come first": lambda: conv(x, np.swapaxes(w, 2, 3), b, stride, pad),
        "the filters are moved over the image, but never summed over the channels: only the first counts": (
            lambda: conv(x[:, :1], w[:, :1], b, stride, pad)
        ),
        "only the last channel counts; the sum over all is asked for": lambda: conv(x[:, -1:], w[:, -1:], b, stride, pad),
        "every filter meets the channels summed up; each channel has its own weights": (
            lambda: conv(np.broadcast_to(x.sum(axis=1, keepdims=True), x.shape), w / C, b, stride, pad)
        ),
        "all images are the first one": lambda: np.broadcast_to(right()[:1], right().shape),
        "all images are the last one": lambda: np.broadcast_to(right()[-1:], right().shape),
        "all filters are the first one": lambda: np.broadcast_to(right()[:, :1], right().shape),
        "all filters are the last one": lambda: np.broadcast_to(right()[:, -1:], right().shape),
        "a matrix (N * H' * W', F) is reshaped straight to (N, F, H', W'): transpose its axes, or the values are mixed up": (
            lambda: np.moveaxis(right(), 1, -1).reshape(right().shape)
        ),
        "a matrix (F, N * H' * W') is reshaped straight to (N, F, H', W'): transpose its axes, or the values are mixed up": (
            lambda: np.swapaxes(right(), 0, 1).reshape(right().shape)
        ),
        "a matrix (F, H' * W' * N) is reshaped straight to (N, F, H', W'): transpose its axes, or the values are mixed up": (
            lambda: np.transpose(right(), (1, 2, 3, 0)).reshape(right().shape)
        ),
        "the result is transposed: rows and columns of the places are exchanged": lambda: np.swapaxes(right(), 2, 3),
    }
    sizes = {
        "the width of out is found with HH: use WW": out_size(W + 2 * pad, HH, stride),
        "the width of out is found with H: use W": out_size(H + 2 * pad, WW, stride),
    }
    known |= {words: Shape((len(x), len(w), out_size(H + 2 * pad, HH, stride), across)) for words, across in sizes.items()}
    layouts = layout_suspects(lambda v: conv(x, v, b, stride, pad), w, "the filters")
    return _of_case(known | layouts, case) | output_regions((H, W), (HH, WW), stride, pad)


def _of_case(known, case):
    return {f"{case}: {words}": value for words, value in known.items()}


def _corner(values, like):
    """The upper left part of `values` that is as large as `like`."""
    return values[..., : like.shape[-2], : like.shape[-1]]


def _ones_around(x, pad):
    image = framed(x, *[pad] * 4)
    return image + 1 - framed(np.ones_like(x), *[pad] * 4)


def _padded_everywhere(x, w, b, stride, pad):
    image = np.pad(x.astype(np.float64), pad)
    return conv(image[: len(x), : x.shape[1]], w, b, stride, 0)


def _stepped(x, w, b, down, across, pad):
    return conv(x, w, b, 1, pad)[:, :, ::down, ::across]


def _beyond(x, w, b, stride, pad):
    """Rounded up: the last windows reach over the edge, where there is nothing."""
    more = [-(length + 2 * pad - reach) % stride for length, reach in zip(x.shape[2:], w.shape[2:], strict=True)]
    return conv(framed(x, pad, pad + more[0], pad, pad + more[1]), w, b, stride, 0)


# ---------------------------------------------------------------- convolution, backward


def handed_back(dout, x, w, stride, pad, *, add=("filter", "place"), step=None, last=-1):
    """The framed dx of a loop over filters and places that adds along `add` and overwrites along the others.

    `last`: 0 where the loop goes through them backwards.
    """
    (N, C, H, W), shape = x.shape, w.shape[2:]
    result = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    places = list(_steps(dout.shape[2:], shape, step or stride, step or stride))
    for i, j, window in places if last else reversed(places):
        piece = dout[:, :, i, j][:, :, None, None, None] * w  # (N, F, C, HH, WW)
        piece = piece.sum(axis=1) if "filter" in add else piece[:, last]
        result[window] = result[window] + piece if "place" in add else piece
    return result


def dx_mistakes(dout, x, w, stride, pad, case):
    """What known mistakes give in place of dx."""
    N, (H, W), window = len(x), x.shape[2:], w.shape[2:]
    dout, w = dout.astype(np.float64), w.astype(np.float64)

    def right():
        return conv_gradients(dout, x, w, stride, pad)[0]

    def cut(image, at=pad):
        return image[:, :, at : at + H, at : at + W]

    def whole(gradient=dout, weights=w, **how):
        return handed_back(gradient, x, weights, stride, pad, **how)

    known = {
        "dx[:, :, pad:-pad, pad:-pad] is empty for pad 0: crop with pad:pad + H and pad:pad + W": (
            lambda: whole()[:, :, pad:-pad, pad:-pad]
        ),
        "dx is cropped by 1:-1 whatever pad is: crop with pad:pad + H and pad:pad + W": lambda: whole()[:, :, 1:-1, 1:-1],
        "dx is not cropped: it still has the padding around it": whole,
        "dx is cropped on the wrong side: it begins pad rows and columns into the padded image": lambda: cut(whole(), 0),
        "dx is cropped on the wrong side: it ends pad rows and columns before the end of the padded image": (
            lambda: cut(whole(), 2 * pad)
        ),
        "H and W are exchanged where dx is cropped": lambda: whole()[:, :, pad : pad + W, pad : pad + H],
        "windows overlap: add to dx (+=), don't assign (=)": lambda: cut(whole(add=("filter",))),
        "windows overlap, and each pixel keeps what its first one gives: add to dx (+=), don't assign (=)": (
            lambda: cut(whole(add=("filter",), last=0))
        ),
        "a pixel is met by every filter: add to dx (+=), don't assign (=)": lambda: cut(whole(add=("place",))),
        "a pixel is met by many filters and windows: add to dx (+=), don't assign (=)": lambda: cut(whole(add=())),
        "the kernel is flipped": lambda: cut(whole(weights=w[:, :, ::-1, ::-1])),
        "the stride is ignored: windows are 1 apart": lambda: cut(whole(step=1)),
        "dout is reshaped straight to (N * H' * W', F): transpose its axes first": lambda: cut(whole(_mixed(dout))),
        "dout is reshaped straight to (F, N * H' * W'): transpose its axes first": lambda: cut(whole(_swapped(dout))),
        "this is dw: the order is dx, dw, db": lambda: conv_gradients(dout, x, w, stride, pad)[1],
        "dx is divided by N: no mean is asked for": lambda: right() / N,
        "all images get the gradient of the first": lambda: np.broadcast_to(right()[:1], right().shape),
        "all images get the gradient of the last": lambda: np.broadcast_to(right()[-1:], right().shape),
        "only the first image gets a gradient": lambda: right() * (np.arange(N) == 0)[:, None, None, None],
        "only the last image gets a gradient": lambda: right() * (np.arange(N) == N - 1)[:, None, None, None],
        "only the first filter counts": lambda: cut(whole(dout[:, :1], w[:1])),
        "all channels get the gradient of the filters' sum over them": (
            lambda: cut(whole(weights=np.broadcast_to(w.sum(axis=1, keepdims=True), w.shape)))
        ),
    }
    layouts = layout_suspects(lambda v: cut(whole(weights=v)), w, "the filters")
    return _of_case(known | layouts, case) | input_regions((H, W), window, stride, pad)


def _mixed(dout):
    """dout as it comes out of a straight reshape to (N * H' * W', F)."""
    N, F, rows, cols = dout.shape
    return np.moveaxis(dout.reshape(N, rows, cols, F), -1, 1)


def _swapped(dout):
    N, F, rows, cols = dout.shape
    return np.swapaxes(dout.reshape(F, N, rows, cols), 0, 1)


def dw_mistakes(dout, x, w, stride, pad, case):
    """What known mistakes give in place of dw."""
    N, dout = len(x), dout.astype(np.float64)

    def with_(gradient=dout, image=x, at=pad):
        return conv_gradients(gradient, image, w, stride, at)[1]

    known = count_suspects(with_(), N, "N") | {
        "x is not padded where dw is summed": lambda: with_(image=framed(x, 0, 2 * pad, 0, 2 * pad), at=0),
        "all of the padding is on the top and left sides where dw is summed": lambda: with_(
            image=framed(x, 2 * pad, 0, 2 * pad, 0), at=0
        ),
        "add to dw (+=), don't assign (=): only the last image is there": lambda: with_(dout[-1:], x[-1:]),
        "only the first image is there": lambda: with_(dout[:1], x[:1]),
        "add to dw (+=), don't assign (=): only the last place is there": lambda: with_(_last_place(dout)),
        "add to dw (+=), don't assign (=): only the last place of the last image is there": (
            lambda: with_(_last_place(dout)[-1:], x[-1:])
        ),
        "the gradient is flipped in its rows and columns": lambda: with_()[:, :, ::-1, ::-1],
        "the stride is ignored: windows are 1 apart": lambda: conv_gradients(dout, x, w, 1, pad)[1],
        "dout is reshaped straight to (N * H' * W', F): transpose its axes first": lambda: with_(_mixed(dout)),
        "dout is reshaped straight to (F, N * H' * W'): transpose its axes first": lambda: with_(_swapped(dout)),
        "dw is divided by the number of places; a sum is asked for": lambda: with_() / np.prod(dout.shape[2:]),
        "all filters get the gradient of the first": lambda: np.broadcast_to(with_()[:1], w.shape),
        "all filters get the gradient of the sum over the filters": lambda: np.broadcast_to(with_().sum(axis=0), w.shape),
    }
    return _of_case(known, case)


def _last_place(dout):
    only = np.zeros_like(dout)
    only[:, :, -1, -1] = dout[:, :, -1, -1]
    return only


def bias_mistakes(dout, case):
    """What known mistakes give in place of db."""
    right = dout.sum(axis=(0, 2, 3))
    known = {
        "db is not summed over the images": dout.sum(axis=(2, 3)),
        "db is that of the last image: sum over all": dout[-1].sum(axis=(1, 2)),
        "db is that of the first image: sum over all": dout[0].sum(axis=(1, 2)),
        "db is a mean over the images; their sum is asked for": right / len(dout),
        "db is a mean over images and places; their sum is asked for": dout.mean(axis=(0, 2, 3)),
        "db is a mean over the places; their sum is asked for": dout.mean(axis=(2, 3)).sum(axis=0),
        "db is not summed over the places": dout.sum(axis=0),
        "db is summed over the filters as well; every filter has its own": dout.sum(),
        "db is summed over the filters, not over the images": dout.sum(axis=(1, 2, 3)),
        "db keeps axes of length 1": dout.sum(axis=(0, 2, 3), keepdims=True),
        "add to db (+=), don't assign (=): only the last place is there": dout[-1, :, -1, -1],
        "add to db (+=), don't assign (=): only the last place of each image is there": dout[:, :, -1, -1].sum(axis=0),
    }
    return _of_case(known, case)


# ---------------------------------------------------------------- pooling


def _over(x, shape, stride, reduce):
    """`reduce` of every window."""
    size = [out_size(length, reach, stride) for length, reach in zip(x.shape[2:], shape, strict=True)]
    out = np.zeros((*x.shape[:2], *size))
    for i, j, window in _steps(size, shape, stride, stride):
        out[:, :, i, j] = reduce(x[window])
    return out


def pool_mistakes(x, shape, stride, case):
    """What known mistakes give in place of out."""
    x, (height, width) = x.astype(np.float64), shape
    low = x.min() - 1

    def right():
        return pool(x, shape, stride)

    def rounded_up():
        more = [-(length - reach) % stride for length, reach in zip(x.shape[2:], shape, strict=True)]
        return np.pad(x, ((0, 0), (0, 0), (0, more[0]), (0, more[1])), constant_values=low)

    def over(axes, what):
        return lambda: _over(x, shape, stride, lambda part: getattr(part, what)(axis=axes))

    known = {
        "this is the mean of each window; the maximum is asked for": over((2, 3), "mean"),
        "this is the minimum of each window; the maximum is asked for": over((2, 3), "min"),
        "this is the sum of each window; the maximum is asked for": over((2, 3), "sum"),
        "the maximum is taken over the channels too; each has its own": lambda: _wide_max(x, shape, stride, (1,)),
        "the maximum is taken over the images too; each has its own": lambda: _wide_max(x, shape, stride, (0,)),
        "the maximum is taken over images and channels too; each has its own": lambda: _wide_max(x, shape, stride, (0, 1)),
        "the maximum begins at 0, so that negative values are lost: begin at -inf": lambda: np.maximum(right(), 0),
        "the largest value without its sign is taken": lambda: _over(np.abs(x), shape, stride, lambda p: p.max(axis=(2, 3))),
        "pool_height and pool_width are exchanged": lambda: pool(x, (width, height), stride),
        "windows are square: pool_height is used for both sides": lambda: pool(x, (height, height), stride),
        "windows are square: pool_width is used for both sides": lambda: pool(x, (width, width), stride),
        "the stride is ignored: windows are 1 apart": lambda: pool(x, shape, 1),
        "the stride is ignored where windows are placed: they are 1 apart": lambda: _corner(pool(x, shape, 1), right()),
        "the stride is ignored: windows are pool_height apart": lambda: pool(x, shape, height),
        "the stride is ignored: windows are pool_width apart": lambda: pool(x, shape, width),
        "the number of windows is rounded up: those that do not fit are left out": lambda: pool(rounded_up(), shape, stride),
        "windows are one row and one column too small": lambda: _over(
            x, shape, stride, lambda part: part[:, :, : max(height - 1, 1), : max(width - 1, 1)].max(axis=(2, 3))
        ),
        "this is the upper left pixel of each window; the maximum is asked for": lambda: _over(
            x, shape, stride, lambda part: part[:, :, 0, 0]
        ),
        "these are places in the window (argmax); the values are asked for": lambda: _over(
            x, shape, stride, lambda part: part.reshape(*part.shape[:2], -1).argmax(axis=-1)
        ),
        "the result is transposed: rows and columns of the places are exchanged": lambda: np.swapaxes(right(), 2, 3),
    }
    (H, W), down = x.shape[2:], out_size(x.shape[2], height, stride)
    sizes = {
        "the width of out is found with pool_height: use pool_width": (down, out_size(W, height, stride)),
        "the width of out is found with H: use W": (down, out_size(H, width, stride)),
        "out is H // pool_height high; 1 + (H - pool_height) // stride is asked for, and so for its width": (
            (H // height, W // width)
        ),
        "the size of out is rounded up; whole windows only are asked for": (
            (-(-(H - height) // stride) + 1, -(-(W - width) // stride) + 1)
        ),
    }
    return _of_case(known | {words: Shape((*x.shape[:2], *size)) for words, size in sizes.items()}, case)


def _wide_max(x, shape, stride, axes):
    out = pool(x, shape, stride)
    return np.broadcast_to(out.max(axis=axes, keepdims=True), out.shape)


def pool_gradient_mistakes(dout, x, shape, stride, case):
    """What known mistakes give in place of dx."""
    dout, x = dout.astype(np.float64), x.astype(np.float64)
    area = shape[0] * shape[1]

    def spread(share, *, add=True, at=stride, back=False):
        """Every window hands `share(its part of x, its dout)` back; `back`: the last window first."""
        dx = np.zeros(x.shape)
        places = list(_steps(dout.shape[2:], shape, at, at))
        for i, j, window in reversed(places) if back else places:
            part = x[window]
            piece = share(part, dout[:, :, i, j][:, :, None, None])
            dx[window] = dx[window] + piece if add else piece
        return dx

    def largest(part):
        return part == part.max(axis=(2, 3), keepdims=True)

    def only_marked(back=False):
        dx = np.zeros(x.shape)
        for n, c, i, j in list(np.ndindex(dout.shape))[:: -1 if back else 1]:
            part = (n, c, slice(i * stride, i * stride + shape[0]), slice(j * stride, j * stride + shape[1]))
            mark = x[part] == x[part].max()
            dx[part][mark] = dout[n, c, i, j]
        return dx

    def to_first(part, d):
        piece = np.zeros_like(part)
        piece[:, :, :1, :1] = d
        return piece

    known = {
        "windows overlap: add to dx (+=), don't assign (=)": only_marked,
        "windows overlap: add to dx (+=), don't assign (=); each window wipes out what others left there": (
            lambda: spread(lambda part, d: largest(part) * d, add=False)
        ),
        "windows overlap, and each pixel keeps what one of them gives: add to dx (+=), don't assign (=)": (
            lambda: only_marked(back=True)
        ),
        "windows overlap, and each pixel keeps what its first one gives: add to dx (+=), don't assign (=)": (
            lambda: spread(lambda part, d: largest(part) * d, add=False, back=True)
        ),
        "every pixel of a window gets its dout; only the largest may": lambda: spread(lambda part, d: d + 0 * part),
        "every pixel of a window gets its dout, and windows overwrite each other": (
            lambda: spread(lambda part, d: d + 0 * part, add=False)
        ),
        "the dout of a window is shared out among its pixels, as for a mean; the largest gets it all": (
            lambda: spread(lambda part, d: d / area + 0 * part)
        ),
        "the upper left pixel of each window gets its dout; the largest must": lambda: spread(to_first),
        "the smallest pixel of each window gets its dout; the largest must": (
            lambda: spread(lambda part, d: (part == part.min(axis=(2, 3), keepdims=True)) * d)
        ),
        "the largest pixels are marked with 1; they get the dout of their window": (
            lambda: spread(lambda part, d: largest(part) * 1.0)
        ),
        "the largest pixels are marked with 1 (once, however many windows they win)": (
            lambda: (spread(lambda part, d: largest(part) * 1.0) > 0) * 1.0
        ),
        "the pixel's own value is multiplied in": lambda: spread(lambda part, d: largest(part) * d * part),
        "the stride is ignored: windows are 1 apart": lambda: spread(lambda part, d: largest(part) * d, at=1),
        "all images get the gradient of the first": lambda: np.broadcast_to(
            pool_gradient(dout, x, shape, stride)[:1], x.shape
        ),
    }
    return _of_case(known, case) | input_regions(x.shape[2:], shape, stride)


def flatten_mistakes(x):
    """What known mistakes give in place of the rows."""
    N = len(x)
    mistakes = {
        "all values are in one row; each image has its own": x.reshape(-1),
        "the rows are columns: (N, D) is asked for": x.reshape(N, -1).T,
        "the first axis runs fastest (order='F'); the last must": x.reshape(N, -1, order="F"),
        "the images are mixed up: the first axis must stay the first": x.reshape(-1, N).T,
    }
    if x.ndim == 4:
        mistakes["the channels run fastest, as in (N, H, W, C); the columns must"] = np.moveaxis(x, 1, -1).reshape(N, -1)
        mistakes["rows and columns are exchanged"] = np.swapaxes(x, 2, 3).reshape(N, -1)
    if x.ndim > 2:
        mistakes["only the last axes are joined: all but the first must be"] = x.reshape(*x.shape[:2], -1)
    return mistakes
