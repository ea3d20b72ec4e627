"""What known mistakes give in place of the right answer: {words of the report: value, or function for it}."""

from __future__ import annotations

import itertools

import numpy as np

from grader.checks import input_regions, layout_suspects, output_regions

from .oracle import columns, conv, conv_gradients, framed, images, offsets, patches, places, pool, pool_gradient

__all__ = [
    "col2im_mistakes", "columns_mistakes", "conv_mistakes", "db_mistakes", "dw_mistakes", "dx_mistakes",
    "pool_gradient_mistakes", "pool_mistakes",
]  # fmt: skip

_ROWS = {0: "channel", 1: "row of the window", 2: "column of the window"}
_COLUMNS = {3: "row of the place", 4: "column of the place", 5: "image"}
_PRODUCT = "the matrix product {} is reshaped straight to (N, F, H', W'): the values are mixed up"


# ---------------------------------------------------------------- im2col and col2im


def _orders():
    """Words and axes of every order of rows and columns but the right one."""
    for rows, cols in itertools.product(itertools.permutations(_ROWS), itertools.permutations(_COLUMNS)):
        wrong = [
            f"the {kind} are ordered by {', '.join(names[axis] for axis in order)}; {', '.join(names.values())} is asked for"
            for kind, order, names in (("rows", rows, _ROWS), ("columns", cols, _COLUMNS))
            if list(order) != sorted(order)
        ]
        if wrong:
            yield "; ".join(wrong) + " (the last one fastest)", (*rows, *cols)


def columns_mistakes(x, window, stride, pad):
    """In place of the columns."""
    (fh, fw), P = window, patches(x, window, stride, pad)
    shape = np.prod(P.shape[:3]), np.prod(P.shape[3:])

    def of(image):
        return lambda: columns(image, window, stride, 0)

    def bordered(*frame, **how):
        return of(np.pad(np.asarray(x, np.float64), ((0, 0), (0, 0), frame[:2], frame[2:]), **how))

    def steps(down, across):
        found = patches(x, window, 1, pad)[:, :, :, ::down, ::across]
        return found.reshape(shape[0], -1)

    def corner():
        return patches(x, window, 1, pad)[:, :, :, : P.shape[3], : P.shape[4]].reshape(shape)

    known = {words: lambda order=order: P.transpose(order).reshape(shape) for words, order in _orders()}
    return known | {
        "each column is a window, each row a pixel of it: this is the transpose": lambda: P.reshape(shape).T,
        "the padding is missing": of(x),
        "the padding is on the top and left sides only": bordered(pad, 0, pad, 0),
        "the padding is on the bottom and right sides only": bordered(0, pad, 0, pad),
        "all of the padding is on the top and left sides": bordered(2 * pad, 0, 2 * pad, 0),
        "all of the padding is on the bottom and right sides": bordered(0, 2 * pad, 0, 2 * pad),
        "the padding is 1 whatever `padding` is": bordered(1, 1, 1, 1),
        "the padding repeats the border; zeros are asked for": bordered(pad, pad, pad, pad, mode="edge"),
        "the padding is twice as wide as `padding`": bordered(*[2 * pad] * 4),
        "the stride is ignored: windows are 1 apart": lambda: columns(x, window, 1, pad),
        "the stride is ignored where windows are placed: they are 1 apart": corner,
        "the stride is used in the rows only": lambda: steps(stride, 1),
        "the stride is used in the columns only": lambda: steps(1, stride),
        "padding and stride are exchanged: padding comes first": lambda: columns(x, window, max(pad, 1), stride),
        "field_height and field_width are exchanged": lambda: columns(x, (fw, fh), stride, pad),
        "windows are square: field_height is used for both sides": lambda: columns(x, (fh, fh), stride, pad),
        "windows are square: field_width is used for both sides": lambda: columns(x, (fw, fw), stride, pad),
        "the windows are flipped": lambda: P[:, ::-1, ::-1].reshape(shape),
        "the result keeps its axes; it is a matrix": P,
    }


def _dropped(parts, size, stride, pad, last):
    """Images that keep one number for each pixel, where all must be added up; `last`: which of them, by its window pixel."""
    (H, W), (C, fh, fw, *at, N) = size, parts.shape
    image = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    found = list(offsets((fh, fw), at, stride))
    for p, q, pixels in found if last else reversed(found):
        image[pixels] = np.moveaxis(parts[:, p, q], -1, 0)
    return image[:, :, pad : pad + H, pad : pad + W]


def col2im_mistakes(cols, x_shape, window, stride, pad):
    """In place of the images."""
    (N, C, H, W), cols = x_shape, np.asarray(cols, np.float64)
    parts = cols.reshape(C, *window, *places((H, W), window, stride, pad), N)

    def right():
        return images(cols, x_shape, window, stride, pad)

    def whole():
        return images(cols, (N, C, H + 2 * pad, W + 2 * pad), window, stride, 0)

    def ordered(order):
        shape = [parts.shape[axis] for axis in order]
        return images(cols.reshape(shape).transpose(np.argsort(order)).reshape(cols.shape), x_shape, window, stride, pad)

    def counted():
        return np.maximum(images(np.ones(cols.shape), x_shape, window, stride, pad), 1)

    add = "windows overlap: add to the pixels, don't assign"
    known = {f"cols is read wrongly: {words}": lambda order=order: ordered(order) for words, order in _orders()}
    return known | _crops(whole, (H, W), pad) | {
        f"{add} (images[:, k, i, j] += cols adds once for each pixel: use np.add.at, or one slice for each window pixel)": (
            lambda: _dropped(parts, (H, W), stride, pad, True)
        ),
        f"{add} (each pixel keeps what the last of its windows gives)": lambda: _dropped(parts, (H, W), stride, pad, False),
        "the sums are divided by the number of windows that hold a pixel; the sum itself is asked for": (
            lambda: right() / counted()
        ),
        "this is twice the adjoint": lambda: 2 * right(),
        "the windows are flipped": lambda: images(
            parts[:, ::-1, ::-1].reshape(cols.shape), x_shape, window, stride, pad
        ),
        "rows and columns of the images are exchanged": lambda: np.swapaxes(right(), 2, 3),
        "the images come last, (C, H, W, N); (N, C, H, W) is asked for": lambda: np.moveaxis(right(), 0, -1),
        "the channels come first, (C, N, H, W); (N, C, H, W) is asked for": lambda: np.swapaxes(right(), 0, 1),
    } | input_regions((H, W), window, stride, pad)  # fmt: skip


def _crops(whole, size, pad):
    """Ways to lose the padding wrongly; `whole()`: the images with it."""
    H, W = size
    return {
        "[:, :, pad:-pad, pad:-pad] is empty for pad 0: crop with pad:pad + H and pad:pad + W": (
            lambda: whole()[:, :, pad:-pad, pad:-pad]
        ),
        "it is cropped by 1:-1 whatever pad is: crop with pad:pad + H and pad:pad + W": lambda: whole()[:, :, 1:-1, 1:-1],
        "it is not cropped: the padding is still around it": whole,
        "it is cropped on the wrong side: it begins with the padding": lambda: whole()[:, :, :H, :W],
        "it is cropped on the wrong side: it ends with the padding": lambda: whole()[:, :, 2 * pad :, 2 * pad :],
        "H and W are exchanged where it is cropped": lambda: whole()[:, :, pad : pad + W, pad : pad + H],
    }


# ---------------------------------------------------------------- convolution


def _read_filters(w):
    """The filters as they are read where they are flattened in another order than the windows; the right ones first."""
    F = len(w)
    return {
        "": w,
        "the filters are flattened by row, column, channel, the windows by channel, row, column": (
            w.transpose(0, 2, 3, 1).reshape(w.shape)
        ),
        "the filters are flattened by column, row, channel, the windows by channel, row, column": (
            w.transpose(0, 3, 2, 1).reshape(w.shape)
        ),
        "rows and columns of the filters are exchanged": np.swapaxes(w, 2, 3).reshape(w.shape),
        "w.reshape(-1, F) mixes the filters up: w.reshape(F, -1).T is what is needed": w.reshape(-1, F).T.reshape(w.shape),
        "the kernel is flipped: convolution in the course's sense does not flip": w[:, :, ::-1, ::-1],
    }


def _mixed(out):
    """What a straight reshape to (N, F, H', W') makes of products with other orders of axes."""
    N, F, *size = out.shape
    last = out.transpose(1, 2, 3, 0)
    return {
        _PRODUCT.format("(N * H' * W', F)"): out.transpose(0, 2, 3, 1).reshape(out.shape),
        _PRODUCT.format("(H' * W' * N, F)"): out.transpose(2, 3, 0, 1).reshape(out.shape),
        _PRODUCT.format("(F, N * H' * W')"): out.transpose(1, 0, 2, 3).reshape(out.shape),
        _PRODUCT.format("(F, H' * W' * N)"): last.reshape(out.shape),
        "the columns of the matrix end with the image, but its product is read as (F, N, H', W')": (
            last.reshape(F, N, *size).swapaxes(0, 1)
        ),
        "the columns of the matrix begin with the image, but its product is read as (F, H', W', N)": (
            np.moveaxis(out.swapaxes(0, 1).reshape(F, *size, N), -1, 0)
        ),
    }


def _join(*words):
    return "; and ".join(filter(None, words))


def conv_mistakes(x, w, b, stride, pad):
    """In place of out."""
    w, b = np.asarray(w, np.float64), np.asarray(b, np.float64)[:, None, None]
    size, window = x.shape[2:], w.shape[2:]

    def of(weights, image=x, step=stride, frame=pad):
        return conv(image, weights, b.ravel(), step, frame)

    known = {}
    for read, weights in _read_filters(w).items():
        out = of(weights)
        known |= {_join(read): out} | {_join(mixed, read): value for mixed, value in _mixed(out).items()}
        known |= {_join(f"{mixed} (before the bias)", read): value + b for mixed, value in _mixed(out - b).items()}
    del known[""]
    return known | layout_suspects(of, w, "the filters") | {
        "the bias is missing": lambda: of(w) - b,
        "the bias is added once for each number of the filter": lambda: of(w) + (w[0].size - 1) * b,
        "all filters have the bias of the first": lambda: of(w) - b + b[0],
        "the padding is missing": lambda: of(w, frame=0),
        "the padding is 1 whatever pad is": lambda: of(w, frame=1),
        "the stride is ignored: windows are 1 apart": lambda: of(w, step=1),
        "the padding repeats the border; zeros are asked for": lambda: of(
            w, np.pad(np.asarray(x, np.float64), ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="edge"), frame=0
        ),
        "stride and pad are exchanged": lambda: of(w, step=max(pad, 1), frame=stride),
        "the result is transposed: rows and columns of the places are exchanged": lambda: np.swapaxes(of(w), 2, 3),
        "the images come last, (F, H', W', N); (N, F, H', W') is asked for": lambda: of(w).transpose(1, 2, 3, 0),
        "the filters come first, (F, N, H', W'); (N, F, H', W') is asked for": lambda: np.swapaxes(of(w), 0, 1),
        "the filters come last, (N, H', W', F); (N, F, H', W') is asked for": lambda: np.moveaxis(of(w), 1, -1),
        "this is the matrix (F, H' * W' * N); (N, F, H', W') is asked for": lambda: of(w).transpose(1, 2, 3, 0).reshape(
            len(w), -1
        ),
    } | output_regions(size, window, stride, pad)  # fmt: skip


def _misread(dout):
    """dout as it is read where its axes are joined without bringing them in the order of the other matrix."""
    N, F, *size = dout.shape
    straight = "dout is reshaped straight to {}: bring its axes in that order first"
    ends = np.moveaxis(dout.reshape(F, *size, N), -1, 0)
    return {
        straight.format("(N * H' * W', F)"): np.moveaxis(dout.reshape(N, *size, F), -1, 1),
        straight.format("(H' * W' * N, F)"): dout.reshape(*size, N, F).transpose(2, 3, 0, 1),
        straight.format("(F, N * H' * W')"): dout.reshape(F, N, *size).swapaxes(0, 1),
        straight.format("(F, H' * W' * N)"): ends,
        "the columns of the matrix end with the image, those of dout begin with it": np.moveaxis(
            dout.swapaxes(0, 1).reshape(F, *size, N), -1, 0
        ),
        "the columns of the matrix begin with the image, those of dout end with it": (
            dout.transpose(1, 2, 3, 0).reshape(F, N, *size).swapaxes(0, 1)
        ),
        "this is the gradient of a forward pass that reshapes (N * H' * W', F) straight to (N, F, H', W')": np.moveaxis(
            dout.reshape(N, *size, F), -1, 1
        ),
    }


def dx_mistakes(dout, x, w, stride, pad):
    """In place of dx."""
    dout, w = np.asarray(dout, np.float64), np.asarray(w, np.float64)
    (N, H, W), window = (len(x), *x.shape[2:]), w.shape[2:]

    def of(gradient, weights=w):
        return conv_gradients(gradient, x, weights, stride, pad)[0]

    def kept(last):
        return _dropped(np.einsum("nfij,fcpq->cpqijn", dout, w), (H, W), stride, pad, last)

    known = {}
    for read, weights in _read_filters(w).items():
        known |= {_join(read): of(dout, weights)}
        known |= {_join(mixed, read): of(value, weights) for mixed, value in _misread(dout).items()}
    del known[""]
    crops = {f"dx: {words}": value for words, value in _crops(
        lambda: conv_gradients(dout, framed(x, pad), w, stride, 0)[0], (H, W), pad
    ).items()}  # fmt: skip
    return known | crops | {
        "windows overlap: add to the pixels of dx, don't assign": lambda: kept(True),
        "windows overlap: add to the pixels of dx, don't assign (each keeps its last window's)": lambda: kept(False),
        "dx is divided by N: no mean is asked for": lambda: of(dout) / N,
        "this is dw: the order is dx, dw, db": lambda: conv_gradients(dout, x, w, stride, pad)[1],
    } | input_regions((H, W), window, stride, pad)  # fmt: skip


def dw_mistakes(dout, x, w, stride, pad):
    """In place of dw."""
    dout = np.asarray(dout, np.float64)

    def of(gradient, frame=pad):
        return conv_gradients(gradient, x, w, stride, frame)[1]

    right = of(dout)
    known = {words: of(value) for words, value in _misread(dout).items()}
    return known | {
        "dw is divided by N: no mean is asked for": right / len(x),
        "dw is that of the last image: sum over all": lambda: conv_gradients(dout[-1:], x[-1:], w, stride, pad)[1],
        "dw is that of the first image: sum over all": lambda: conv_gradients(dout[:1], x[:1], w, stride, pad)[1],
        "the matrix dw is (C * fh * fw, F) and reshaped straight: transpose it first": (
            right.reshape(len(w), -1).T.reshape(w.shape)
        ),
        "dw is reshaped as if the windows were flattened by row, column, channel": (
            right.reshape(len(w), *w.shape[2:], w.shape[1]).transpose(0, 3, 1, 2)
        ),
        "the windows are flattened by row, column, channel, dw by channel, row, column": (
            right.transpose(0, 2, 3, 1).reshape(w.shape)
        ),
        "dw is still a matrix; it has the shape of w": right.reshape(len(w), -1),
        "rows and columns of the filters are exchanged": np.swapaxes(right, 2, 3),
        "this is dx: the order is dx, dw, db": lambda: conv_gradients(dout, x, w, stride, pad)[0],
    }


def db_mistakes(dout):
    """In place of db."""
    dout = np.asarray(dout, np.float64)
    right = dout.sum(axis=(0, 2, 3))
    return {
        "db is a mean over the images; their sum is asked for": right / len(dout),
        "db is a mean over images and places; their sum is asked for": dout.mean(axis=(0, 2, 3)),
        "db is not summed over the places": dout.sum(axis=0),
        "db is not summed over the images": dout.sum(axis=(2, 3)),
        "db is that of the last image: sum over all": dout[-1].sum(axis=(1, 2)),
        "db keeps axes of length 1": dout.sum(axis=(0, 2, 3), keepdims=True),
        "db is a column; it has the shape of b": right[:, None],
        "db is summed over the filters as well": dout.sum(),
    } | {words: value.sum(axis=(0, 2, 3)) for words, value in _misread(dout).items()}


# ---------------------------------------------------------------- pooling


def _stacked(x, window, stride):
    """The pixels of all windows, one after the other: (fh * fw, N, C, H', W')."""
    size = places(x.shape[2:], window, stride)
    return np.stack([x[pixels] for _, _, pixels in offsets(window, size, stride)])


def pool_mistakes(x, window, stride):
    """In place of out."""
    x, (height, width) = np.asarray(x, np.float64), window
    right, parts = pool(x, window, stride), _stacked(x, window, stride)
    product = "the {} is reshaped straight to (N, C, H', W'): the values are mixed up"
    return {
        "this is the mean of each window; the maximum is asked for": parts.mean(axis=0),
        "this is the minimum of each window; the maximum is asked for": parts.min(axis=0),
        "the maximum is over all channels; each has its own (im2col of x.reshape(N * C, 1, H, W) keeps them apart)": (
            np.broadcast_to(right.max(axis=1, keepdims=True), right.shape)
        ),
        "the maximum is over all channels; each has its own": right.max(axis=1),
        "the maximum begins at 0, so that negative values are lost": np.maximum(right, 0),
        "these are places in the window (argmax); the values are asked for": parts.argmax(axis=0),
        "pool_height and pool_width are exchanged": lambda: pool(x, (width, height), stride),
        "windows are square: pool_height is used for both sides": lambda: pool(x, (height, height), stride),
        "windows are square: pool_width is used for both sides": lambda: pool(x, (width, width), stride),
        "the stride is ignored: windows are 1 apart": lambda: pool(x, window, 1),
        "the stride is ignored: windows are pool_height apart": lambda: pool(x, window, height),
        "the image is padded by 1; pooling has no padding": lambda: pool(framed(x, 1), window, stride),
        product.format("row of maxima, ordered by place, then image and channel,"): (
            right.transpose(2, 3, 0, 1).reshape(right.shape)
        ),
        product.format("row of maxima, ordered by place, then channel and image,"): (
            right.transpose(2, 3, 1, 0).reshape(right.shape)
        ),
        "the images come last; (N, C, H', W') is asked for": lambda: np.moveaxis(right, 0, -1),
        "the result is transposed: rows and columns of the places are exchanged": lambda: np.swapaxes(right, 2, 3),
    }


def pool_gradient_mistakes(dout, x, window, stride):
    """In place of dx."""
    dout, x = np.asarray(dout, np.float64), np.asarray(x, np.float64)
    parts = _stacked(x, window, stride)

    def spread(pieces, *, add=True, back=False):
        """`pieces` (fh * fw, N, C, H', W') to their pixels."""
        dx, found = np.zeros(x.shape), list(zip(offsets(window, dout.shape[2:], stride), pieces, strict=True))
        for (_, _, pixels), piece in reversed(found) if back else found:
            dx[pixels] = dx[pixels] + piece if add else piece
        return dx

    def marked(back=False):
        dx = np.zeros(x.shape)
        for n, c, i, j in list(np.ndindex(dout.shape))[:: -1 if back else 1]:
            part = (n, c, slice(i * stride, i * stride + window[0]), slice(j * stride, j * stride + window[1]))
            dx[part][x[part] == x[part].max()] = dout[n, c, i, j]
        return dx

    largest = parts == parts.max(axis=0)
    return {
        "windows overlap: add to dx (+=), don't assign (=)": lambda: spread(largest * dout, add=False),
        "windows overlap: add to dx (+=), don't assign (=); the last window wins": marked,
        "windows overlap: add to dx (+=), don't assign (=); the first window wins": lambda: marked(back=True),
        "windows overlap: add to dx (+=), don't assign (=); the first pixel of a window wins": (
            lambda: spread(largest * dout, add=False, back=True)
        ),
        "every pixel of a window gets its dout; only the largest may": lambda: spread(0 * parts + dout),
        "the dout of a window is shared out among its pixels, as for a mean": lambda: spread(0 * parts + dout / len(parts)),
        "the largest pixels are marked with 1; they get the dout of their window": lambda: spread(largest * 1.0),
        "dout is flattened by image, channel, place, the maxima are ordered by place, image, channel": (
            lambda: spread(largest * dout.reshape(*dout.shape[2:], *dout.shape[:2]).transpose(2, 3, 0, 1))
        ),
        "all images get the gradient of the first": lambda: np.broadcast_to(
            pool_gradient(dout, x, window, stride)[:1], x.shape
        ),
    } | input_regions(x.shape[2:], window, stride)  # fmt: skip
