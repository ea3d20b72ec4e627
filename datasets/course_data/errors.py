"""Every exception of the course's data, in one tree.

::

    DataError(Exception)          a person can mend it; the message names the place, the value and the mend
    ├── RequestError(ValueError)  there is no such set, split, source, or so many images
    ├── MissingData               the real set was asked for and is not in the data folder
    ├── BrokenFile                a file is there and is not what its format says
    │   └── ChecksumMismatch      its content is not the published one
    └── FetchError                a download failed, or there is nothing to download
    DataWarning(UserWarning)      data was made anew, could not be kept, or differs from the published bytes
"""

from __future__ import annotations

__all__ = ["BrokenFile", "ChecksumMismatch", "DataError", "DataWarning", "FetchError", "MissingData", "RequestError"]


class DataError(Exception):
    """Something about the data that the person at the keyboard can mend."""


class RequestError(DataError, ValueError):
    """What was asked for does not exist: the name of a set, a split, a source, or a number of images."""


class MissingData(DataError):
    """The real set is not in the data folder."""


class BrokenFile(DataError):
    """A file cannot be read as what it claims to be."""


class ChecksumMismatch(BrokenFile):
    """A file's content is not the one whose checksum is published."""


class FetchError(DataError):
    """A set cannot be downloaded."""


class DataWarning(UserWarning):
    """Nothing is lost, but somebody should know."""
