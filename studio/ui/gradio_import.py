"""Makes `import gradio` take half its time: without the stub files that Gradio writes for editors at every import."""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

MODULE = "gradio.component_meta"
WRITER = "create_or_modify_pyi"


class _WithoutStubs(Loader):
    """Loads the module as its own loader does, and takes the function away that writes the stub files."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the module's own loader."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module; afterwards its function does nothing. Where Gradio has no such function, nothing changes."""
        self.loader.exec_module(module)
        if hasattr(module, WRITER):
            setattr(module, WRITER, lambda *_: None)


class _Finder(MetaPathFinder):
    """Finds that one module."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The module's spec with our loader, None for all other modules."""
        if name != MODULE:
            return None
        spec = PathFinder.find_spec(name, path)  # type: ignore[arg-type]
        if spec is not None and spec.loader is not None:
            spec.loader = _WithoutStubs(spec.loader)
        return spec


def skip_stubs() -> None:
    """Let the next `import gradio` of this process write no stub files. Where Gradio is imported already, this does nothing.

    For every component Gradio parses its own source and rewrites a `.pyi` file beside it. Only editors read those files; it takes
    two of the four and a half seconds that the import takes on a processor of 2 GHz, and writes into the installed package.
    """
    if MODULE not in sys.modules:
        sys.meta_path.insert(0, _Finder())
