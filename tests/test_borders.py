"""Who may import whom (the table of rooms). Reads syntax trees; imports nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TORCH = {"torch", "diffusers", "transformers", "safetensors", "accelerate"}
PAGE = {"gradio", "studio.ui", "studio.session"}
ROOMS = {"studio.engine", "studio.memory", "studio.diffusion", "studio.media"}
COMMANDS = {"studio.training", "studio.evaluation"}

# place: what it must never import
BORDERS: dict[str, set[str]] = {
    "studio/project": TORCH | PAGE | COMMANDS | ROOMS | {"numpy", "av", "PIL"},
    "studio/memory": PAGE | COMMANDS | {"studio.engine", "studio.project", "studio.diffusion", "studio.media"},
    "studio/media": TORCH | PAGE | COMMANDS | {"studio.engine", "studio.project", "studio.memory", "studio.diffusion"},
    "studio/diffusion": PAGE | COMMANDS | {"studio.engine", "studio.project", "studio.media"},
    "studio/engine": PAGE | COMMANDS | {"studio.project"},
    "studio/session": TORCH | COMMANDS | {"gradio", "studio.ui", "studio.diffusion", "studio.memory"},
    "studio/headless.py": TORCH | COMMANDS | {"gradio", "studio.ui", "studio.diffusion", "studio.memory"},
    "studio/catalogue.py": TORCH | COMMANDS | {"gradio", "studio.ui", "studio.session", "studio.diffusion", "studio.memory"},
    "studio/engine/hub": TORCH | PAGE | COMMANDS | {"studio.project", "studio.diffusion", "studio.memory"},
    "studio/doctor.py": TORCH | PAGE | COMMANDS | {"studio.diffusion", "studio.memory", "studio.project"},
    "studio/ui": TORCH | COMMANDS | {"studio.memory", "studio.diffusion", "studio.engine", "studio.media"},
    "studio/evaluation": {"studio.training"},
    "studio/training": PAGE | {"studio.evaluation", "studio.project"},
    "app.py": TORCH | COMMANDS,
}
# place: what it may import of what is banned there, and nothing else of it
ALLOWED: dict[str, set[str]] = {
    "studio/evaluation": {"studio.training.world"},  # the world's films are the truth that models are measured against
}
# files that run before torch is there, in rooms where it is at home otherwise
LIGHT = ["studio/engine/__init__.py", "studio/engine/events.py", "studio/engine/jobs.py", "studio/engine/cards.py",
         "studio/engine/hub/record.py", "studio/catalogue.py",
         "studio/doctor.py", "studio/engine/placement/__init__.py", "studio/engine/placement/machine.py",
         "studio/engine/placement/counts.py", "studio/engine/placement/sizes.py", "studio/engine/placement/profile.py",
         "studio/engine/placement/laid.py", "studio/engine/placement/plan.py", "studio/engine/placement/words.py",
         "studio/engine/placement/attention.py", "studio/engine/placement/compiled.py",
         "studio/engine/fingerprint.py", "studio/engine/loras/__init__.py", "studio/engine/loras/header.py",
         "studio/engine/loras/layers.py", "studio/engine/loras/kinds.py", "studio/engine/loras/contents.py",
         "studio/engine/engine.py", "studio/engine/take_folder.py", "studio/session/__init__.py", "app.py"]


def imports(path: Path, top_level: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, rooms: set[str]) -> bool:
    return any(f"{name}.".startswith(f"{room}.") for room in rooms)


def crossings(path: Path, banned: set[str], top_level: bool = False, allowed: frozenset[str] | set[str] = frozenset()) -> list[str]:
    found = imports(path, top_level)
    return [f"{path.name} imports {name}" for name in found if within(name, banned) and not within(name, set(allowed))]


@pytest.mark.parametrize("place", BORDERS)
def test_borders_hold(place: str) -> None:
    files = [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py"))
    assert files, place
    assert [c for file in files for c in crossings(file, BORDERS[place], allowed=ALLOWED.get(place, set()))] == []


@pytest.mark.parametrize("file", LIGHT)
def test_the_page_opens_without_torch(file: str) -> None:
    assert crossings(ROOT / file, TORCH, top_level=True) == []


def test_a_planted_import_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("def f():\n    from torch.nn import functional\n")
    assert crossings(planted, TORCH) == ["planted.py imports torch.nn.functional"]
    assert crossings(planted, TORCH, top_level=True) == []


def test_what_is_allowed_is_allowed_alone(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from studio.training.world import shoot\nfrom studio.training.film import Objective\n")
    assert crossings(planted, {"studio.training"}, allowed={"studio.training.world"}) == [
        "planted.py imports studio.training.film.Objective"]


def test_files_stay_short() -> None:
    ours = [p for p in [*ROOT.glob("*.py"), *(ROOT / "studio").rglob("*"), *(ROOT / "tests").rglob("*")]
            if p.suffix in {".py", ".js", ".css"}]
    lengths = {p.relative_to(ROOT).as_posix(): len(p.read_text("utf-8").splitlines()) for p in ours}
    assert {name: n for name, n in lengths.items() if n > 400} == {}
    assert sum(n > 250 for n in lengths.values()) <= len(lengths) / 10


def test_every_module_says_what_it_is() -> None:
    for path in (ROOT / "studio").rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path
