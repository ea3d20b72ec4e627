"""Unpickling that can build arrays and nothing else."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np

from course_data.errors import BrokenFile

__all__ = ["unpickle"]

# The function that every pickled array names, under whatever module path the writing NumPy had.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"names {module}.{name}")
        return _ALLOWED[module, name]


def unpickle(content: bytes, path: Path, mend: str) -> object:
    """What a pickle of plain values and arrays holds; strings of Python 2 become bytes. `path` is for messages.

    Raises:
        BrokenFile: it is cut off or no pickle, or would build anything but plain values and arrays.
    """
    try:
        return _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a broken pickle can raise nearly anything
        reason = str(error) or type(error).__name__
        raise BrokenFile(f"{path}: not a pickle of arrays ({reason}); {mend}") from error
