"""The course's data: one way to load it, generated stand-ins, and the loaders that the handouts use.

The folder is called `datasets/`; the import name is `course_data`, which shadows no other package.
"""

from __future__ import annotations

from course_data.dataset import Dataset
from course_data.errors import BrokenFile, ChecksumMismatch, DataError, DataWarning, FetchError, MissingData, RequestError
from course_data.generated.cifarlike import CLASS_NAMES, cifar_like
from course_data.generated.digits import digits
from course_data.generated.insects import body_plans, insects
from course_data.generated.pets import cats_and_fish
from course_data.loaders import flat_images, knn_images
from course_data.loading import image_folder, load
from course_data.trees import read_tree, write_tree

__all__ = [
    "CLASS_NAMES", "BrokenFile", "ChecksumMismatch", "DataError", "DataWarning", "Dataset", "FetchError", "MissingData",
    "RequestError", "body_plans", "cats_and_fish", "cifar_like", "digits", "flat_images", "image_folder", "insects",
    "knn_images", "load", "read_tree", "write_tree",
]  # fmt: skip
