"""Records where a Python program's time and waiting go, and says why."""

from __future__ import annotations

__version__ = "0.1.0"
