"""For all tests: quiet libraries, no network, few threads, and no silent skips where everything must run."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from studio.session import Studio
    from tests.fake_engine import FakeEngine

importlib.import_module("studio")                         # sets how OpenMP's threads wait, before a test imports torch

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
if "PYTEST_XDIST_WORKER" in os.environ:                   # set before torch is imported: workers share the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def _not_to_the_disk(handle: int | Any) -> None:
    """In place of `os.fsync`: that the handle is open is checked, but nobody waits for the disk.

    What is written outlives a process that is killed all the same, and no test cuts the power. Processes that tests start do wait.
    """
    os.fstat(handle if isinstance(handle, int) else handle.fileno())


os.fsync = _not_to_the_disk

FREEZE, UNFREEZE = gc.freeze, gc.unfreeze
# An engine keeps what there is with a model, and looks everywhere for garbage when it gives the model up (`engine/heap.py`). Here
# it looks among what the test has made: all that the tests have imported takes as long as a take. `test_heap` has them back.
gc.freeze = gc.unfreeze = lambda: None


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: collecting garbage, as models do that are released, need not look at them each time."""
    _keep()


def _keep() -> None:
    """Never look again for garbage among what is there now."""
    gc.collect()
    FREEZE()


@pytest.fixture(autouse=True, scope="module")
def _kept_after_modules() -> Iterator[None]:
    """What the tests of a module have imported stays as well."""
    yield
    _keep()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """With STUDIO_SKIPS_ARE_ERRORS set (in CI), a skipped test is a failed one."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("STUDIO_SKIPS_ARE_ERRORS"):
        report.outcome = "failed"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """In a worker of several, a test that trains with more threads does not leave them to the tests after it."""
    yield
    if "PYTEST_XDIST_WORKER" in os.environ and "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture
def engine() -> FakeEngine:
    """An engine that renders flat colours."""
    from tests.fake_engine import FakeEngine

    return FakeEngine()


@pytest.fixture
def studio(tmp_path: Path, engine: FakeEngine) -> Studio:
    """A shelf without projects, on that engine."""
    from tests.shelves import make_studio

    return make_studio(tmp_path, engine)


@pytest.fixture
def there(tmp_path: Path) -> Studio:
    """A shelf without projects on another machine, with an engine of its own."""
    from tests.fake_engine import FakeEngine
    from tests.shelves import make_studio

    home = tmp_path / "there"
    home.mkdir()
    return make_studio(home, FakeEngine())
