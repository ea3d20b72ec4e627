"""What the speed tasks are measured against, loaded in a worker without student code: a convolution there and back by a loop
over the places with one matrix product each, and by im2col on the CPU.
"""

from __future__ import annotations

import time

import numpy as np

__all__ = ["Convolution"]


class Convolution:
    """A convolution with this stride and padding: x (N, C, H, W), w (F, C, fh, fw), b (F,), dout (N, F, H', W')."""

    def __init__(self, stride: int, pad: int) -> None:
        """Keep them."""
        self.stride, self.pad = stride, pad

    def pixel_loop_forward(self, x: np.ndarray, w: np.ndarray, b: np.ndarray, dout: np.ndarray) -> np.ndarray:
        """out, one place of all images at a time; of dout only the shape counts."""
        padded, matrix, out = self._framed(x), w.reshape(len(w), -1), np.empty(dout.shape, x.dtype)
        for i, j, window in self._windows(dout.shape[2:], w.shape[2:]):
            out[:, :, i, j] = padded[window].reshape(len(x), -1) @ matrix.T + b
        return out

    def pixel_loop(self, x: np.ndarray, w: np.ndarray, b: np.ndarray, dout: np.ndarray) -> tuple[np.ndarray, ...]:
        """out, dx, dw, db, one place of all images at a time."""
        F, (H, W), matrix = len(w), x.shape[2:], w.reshape(len(w), -1)
        padded, out = self._framed(x), self.pixel_loop_forward(x, w, b, dout)
        dpadded, dmatrix = np.zeros_like(padded), np.zeros_like(matrix)
        for i, j, window in self._windows(dout.shape[2:], w.shape[2:]):
            gradient = np.ascontiguousarray(dout[:, :, i, j])  # (N, F)
            dmatrix += gradient.T @ padded[window].reshape(len(x), -1)
            dpadded[window] += (gradient @ matrix).reshape(-1, *w.shape[1:])
        dx = dpadded[:, :, self.pad : self.pad + H, self.pad : self.pad + W]
        return out, dx, dmatrix.reshape(F, *w.shape[1:]), dout.sum(axis=(0, 2, 3))

    def im2col(self, x: np.ndarray, w: np.ndarray, b: np.ndarray, dout: np.ndarray) -> tuple[np.ndarray, ...]:
        """The same by matrix products over all places."""
        (N, C, H, W), F, (fh, fw), (rows, cols) = x.shape, len(w), w.shape[2:], dout.shape[2:]
        padded, windows = self._framed(x), np.empty((N, C, fh, fw, rows, cols), x.dtype)
        down, across = self.stride * rows, self.stride * cols
        for p, q in np.ndindex(fh, fw):
            windows[:, :, p, q] = padded[:, :, p : p + down : self.stride, q : q + across : self.stride]
        columns, gradient, matrix = windows.reshape(N, C * fh * fw, -1), dout.reshape(N, F, -1), w.reshape(F, -1)
        out = (matrix @ columns).reshape(dout.shape) + b[:, None, None]
        dw = (gradient @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(w.shape)
        dwindows, dpadded = (matrix.T @ gradient).reshape(windows.shape), np.zeros_like(padded)
        for p, q in np.ndindex(fh, fw):
            dpadded[:, :, p : p + down : self.stride, q : q + across : self.stride] += dwindows[:, :, p, q]
        return out, dpadded[:, :, self.pad : self.pad + H, self.pad : self.pad + W], dw, dout.sum(axis=(0, 2, 3))

    def seconds(self, method: str, *arrays: np.ndarray) -> float:
        """Wall seconds of `pixel_loop` or `im2col` in this worker, without what crosses to it and back."""
        start = time.perf_counter()
        getattr(self, method)(*arrays)
        return time.perf_counter() - start

    def _framed(self, x: np.ndarray) -> np.ndarray:
        return np.pad(x, ((0, 0), (0, 0), (self.pad, self.pad), (self.pad, self.pad)))

    def _windows(self, places, window):
        for i, j in np.ndindex(*places):
            top, left = i * self.stride, j * self.stride
            yield i, j, (..., slice(top, top + window[0]), slice(left, left + window[1]))
