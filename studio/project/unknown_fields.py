"""What a data class of the document holds of a newer format's fields, unless some were read: none."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_NONE: Mapping[str, Any] = MappingProxyType({})


def no_fields() -> Mapping[str, Any]:
    """No fields. A factory, since Python 3.11 takes no mapping as a plain default of a data class."""
    return _NONE
