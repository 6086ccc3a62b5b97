"""Other libraries' modules, changed while they are imported: what the studio does not use of them costs no start any time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

Change = Callable[[ModuleType], AbstractContextManager[None]]
"""What is done around the reading of a module."""

PACKAGES = "diffusers.utils.import_utils"
UNUSED = ("_bitsandbytes_available", "_scipy_available")
LOSSES = "transformers.loss.loss_utils"


class _ChangingLoader(Loader):
    """Loads a module as its own loader does, with a change around it."""

    def __init__(self, loader: Loader, change: Change) -> None:
        self.loader, self.change = loader, change

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the module's own loader."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module."""
        with self.change(module):
            self.loader.exec_module(module)


class ChangingFinder(MetaPathFinder):
    """Finds the modules that are changed; for `sys.meta_path`, before the finders that are there."""

    def __init__(self, changes: Mapping[str, Change]) -> None:
        self.changes = changes

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The module's spec with our loader, None for all other modules."""
        if name not in self.changes:
            return None
        spec = PathFinder.find_spec(name, path)  # type: ignore[arg-type]
        if spec is not None and spec.loader is not None:
            spec.loader = _ChangingLoader(spec.loader, self.changes[name])
        return spec


@contextmanager
def _without_unused(module: ModuleType) -> Iterator[None]:
    """Where Diffusers has looked which packages there are, it did not find these. Flags that it does not have are not made."""
    yield
    for flag in UNUSED:
        if hasattr(module, flag):
            setattr(module, flag, False)


@contextmanager
def _without_scipy(_: ModuleType) -> Iterator[None]:
    """The losses of detectors, which Transformers imports with any model, find no SciPy for their assignments."""
    utils = sys.modules["transformers.utils"]
    found, utils.is_scipy_available = utils.is_scipy_available, lambda: False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        utils.is_scipy_available = found  # type: ignore[attr-defined]


def lighten_diffusers() -> None:
    """Let the next `import diffusers` of this process do less. Where Diffusers is imported already, this does nothing.

    Where they are installed, Diffusers imports bitsandbytes for its own quantized layers and scipy.stats for spacings of noise
    levels with any model, which takes a third of the time until a model can be loaded. The studio uses neither of the two through
    Diffusers: its int8 layers are its own, and call bitsandbytes themselves. Nor does it train detectors, for which Transformers,
    that Diffusers imports, imports scipy.optimize.
    """
    if PACKAGES not in sys.modules:
        sys.meta_path.insert(0, ChangingFinder({PACKAGES: _without_unused, LOSSES: _without_scipy}))
