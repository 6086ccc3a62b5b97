"""The page of the tests for programs, for agents too."""

from tests.api.conftest import own_page

__all__ = ["own_page"]
