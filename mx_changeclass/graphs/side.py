"""One of the two models, as rules may question it."""

from __future__ import annotations
