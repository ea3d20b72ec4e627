"""How a test reaches student code: proxies over a port, in-process or sandboxed."""

from __future__ import annotations

from .backend import Backend, Source
from .contact import Contact
from .handle import Handle, Submission
from .outgoing import GuestFunction, Guests, Tensor, as_tensor

__all__ = [
    "Backend", "Contact", "GuestFunction", "Guests", "Handle", "Source", "Submission", "Tensor", "as_tensor",
]  # fmt: skip
