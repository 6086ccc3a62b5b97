"""Writes the description of the functions: python -m studio.api > docs/api.md"""

from __future__ import annotations

import sys

from studio.api.reference import reference

sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
sys.stdout.write(reference())
