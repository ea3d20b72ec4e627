"""The course's data: generated stand-ins, and the loaders that the handouts use.

The folder is called `datasets/`; the import name is `course_data`, which shadows no other package.
"""

from __future__ import annotations

from course_data.cifarlike import CLASS_NAMES, cifar_like
from course_data.loaders import flat_images, knn_images

__all__ = ["CLASS_NAMES", "cifar_like", "flat_images", "knn_images"]
