"""Who may import whom (the table of rooms), and what opens before torch is there."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LATE = {"torch", "diffusers", "transformers", "opentimelineio", "fpdf", "uharfbuzz", "mcp", "argon2", "limits", "ray", "pi_heif"}
"""What is imported where it is used, so that the page opens at once."""
TORCH = {"torch", "diffusers", "transformers", "safetensors", "accelerate"}
LAB = {"studio.lab"}
PAGE = {"gradio", "studio.ui", "studio.session", "studio.commands"}
MODELS = {"studio.memory", "studio.diffusion", "studio.backbones"}
DOCUMENT = {"studio.project"}
FAMILIES = ("animatic", "framepack", "helios", "panorama")
"""Of models: what two of them share lies beside their folders."""

# room: what it must never import
BORDERS: dict[str, set[str]] = {
    "studio/project": TORCH | PAGE | LAB | MODELS | {
        "studio.engine", "studio.media", "studio.catalogue", "studio.placement", "numpy", "av", "PIL"},
    "studio/media": TORCH | PAGE | LAB | MODELS | DOCUMENT | {"studio.engine", "studio.catalogue", "studio.placement"},
    "studio/memory": PAGE | LAB | DOCUMENT | {
        "studio.engine", "studio.diffusion", "studio.backbones", "studio.media", "studio.catalogue", "studio.placement"},
    "studio/catalogue": TORCH | PAGE | LAB | MODELS | DOCUMENT | {"studio.engine", "studio.placement"},
    "studio/diffusion": PAGE | LAB | DOCUMENT | {"studio.engine", "studio.backbones", "studio.media", "studio.placement"},
    "studio/placement": PAGE | LAB | DOCUMENT | {"studio.engine", "studio.backbones", "studio.memory"},
    "studio/backbones": PAGE | LAB | DOCUMENT | {"studio.engine"},
    "studio/engine": PAGE | LAB | DOCUMENT | {"studio.farm"},
    "studio/farm": PAGE | LAB | DOCUMENT | MODELS | {"studio.media", "studio.placement"},
    "studio/session": TORCH | LAB | MODELS | {"gradio", "studio.ui", "studio.commands", "studio.placement", "studio.farm"},
    "studio/commands": TORCH | LAB | MODELS | {"gradio", "studio.ui"},
    "studio/ui": TORCH | LAB | MODELS | {"studio.engine", "studio.media", "studio.placement", "studio.commands"},
    "studio/api": TORCH | LAB | MODELS | {
        "studio.engine", "studio.media", "studio.catalogue", "studio.placement", "studio.commands"},
    "studio/mcp": TORCH | LAB | MODELS | DOCUMENT | {
        "studio.engine", "studio.media", "studio.catalogue", "studio.placement", "studio.commands"},
    "studio/access": TORCH | LAB | MODELS | {
        "studio.engine", "studio.media", "studio.catalogue", "studio.placement", "studio.commands"},
    "studio/client": TORCH | LAB | MODELS | DOCUMENT | {
        "gradio", "studio.ui", "studio.session", "studio.commands", "studio.engine", "studio.media"},
    "studio/lab/world": PAGE | MODELS | DOCUMENT | {
        "studio.engine", "studio.lab.train", "studio.lab.measure", "studio.lab.commands"},
    "studio/lab/train": PAGE | DOCUMENT | {"studio.lab.measure", "studio.lab.commands"},
    "studio/lab/measure": {"studio.lab.train", "studio.lab.commands"},
    "studio/lab/panorama": PAGE | DOCUMENT | {"studio.engine", "studio.media", "studio.lab.measure", "studio.lab.commands"},
    "studio/lab/film_memory": PAGE | DOCUMENT | {"studio.engine", "studio.media", "studio.lab.commands"},
    "studio/lab/commands": TORCH | PAGE | DOCUMENT | {"studio.engine", "studio.memory", "studio.diffusion"},
    "studio/language": TORCH | PAGE | LAB | MODELS | DOCUMENT | {
        "studio.engine", "studio.media", "studio.catalogue", "studio.placement", "numpy", "av", "PIL"},
    "app.py": TORCH | LAB,
    **{f"studio/backbones/{one}": {f"studio.backbones.{other}" for other in FAMILIES if other != one} for one in FAMILIES},
    **{f"studio/lab/{name}.py": {"studio.lab.train", "studio.lab.measure", "studio.lab.world", "studio.lab.commands"}
       for name in ("photographs", "plots", "psnr", "registration", "sample_film", "small_gpu", "tiny")},
}
REGISTRY = {"studio.backbones.registry", "studio.backbones.family"}
# room: what it may import of what is banned there, and nothing else of it
ALLOWED: dict[str, set[str]] = {
    "studio/session": REGISTRY | {"studio.memory.context_sizes"},
    "studio/commands": REGISTRY,
    "studio/backbones/animatic": {"studio.backbones.framepack"},     # its smaller sizes are a small FramePack
    "studio/ui": REGISTRY | {"studio.session", "studio.memory.context_sizes"},
}
# rooms that open before torch is there, and what in them is torch's
LIGHT = [
    "studio/language", "studio/project", "studio/media", "studio/catalogue", "studio/placement", "studio/engine", "studio/farm",
    "studio/session", "studio/commands", "studio/lab/commands",
]
HEAVY = [
    "studio/placement/device", "studio/engine/render.py", "studio/engine/input_reader.py", "studio/engine/failures.py",
    "studio/engine/left_out.py", "studio/engine/seen_colours.py", "studio/engine/section_decoder.py",
    "studio/engine/lora_weights.py", "studio/engine/moments.py", "studio/engine/image_encoder.py", "studio/engine/video_take.py",
    "studio/engine/step_ratios.py", "studio/engine/shown.py", "studio/engine/processor_share.py",
]


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


def modules_of(room: str) -> list[str]:
    """Dotted names of a room's modules, without those that are torch's."""
    found = sorted((ROOT / room).rglob("*.py"))
    names = [path.relative_to(ROOT).as_posix() for path in found]
    light = [name for name in names if not any(name == heavy or name.startswith(f"{heavy}/") for heavy in HEAVY)]
    assert light, room
    return [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in light]


def test_the_page_opens_without_torch() -> None:
    """Every module of the light rooms, the registry of families, and the entry: imported for real, with all that they import.

    What only some exports need is not loaded either.
    """
    names = [name for room in LIGHT for name in modules_of(room)] + ["studio.backbones.registry", "app"]
    code = f"import importlib, sys\nfor name in {names}:\n importlib.import_module(name)\n"
    code += f" assert not {LATE} & sys.modules.keys(), name"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_no_modules_import_each_other() -> None:
    """No circle of imports, those within functions and those for type checking included."""
    files = {path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"): path
             for path in (ROOT / "studio").rglob("*.py")}
    arrows = {name: {found if found in files else found.rpartition(".")[0] for found in imports(path)} & (files.keys() - {name})
              for name, path in files.items()}
    while leaves := [name for name, targets in arrows.items() if not targets]:
        arrows = {name: targets - set(leaves) for name, targets in arrows.items() if name not in leaves}
    assert arrows == {}, "these import each other, or lead to those that do"


def test_a_planted_import_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("def f():\n    from torch.nn import functional\n")
    assert crossings(planted, TORCH) == ["planted.py imports torch.nn.functional"]
    assert crossings(planted, TORCH, top_level=True) == []


def test_what_is_allowed_is_allowed_alone(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from studio.lab.world import shoot\nfrom studio.lab.train.film import FilmObjective\n")
    assert crossings(planted, {"studio.lab"}, allowed={"studio.lab.world"}) == [
        "planted.py imports studio.lab.train.film.FilmObjective"]


def test_files_stay_short() -> None:
    ours = [p for p in [*ROOT.glob("*.py"), *(ROOT / "studio").rglob("*"), *(ROOT / "tests").rglob("*")]
            if p.suffix in {".py", ".js", ".css"}]
    lengths = {p.relative_to(ROOT).as_posix(): len(p.read_text("utf-8").splitlines()) for p in ours}
    assert {name: n for name, n in lengths.items() if n > 300} == {}, "divide them by what they are about"
    assert sum(n > 250 for n in lengths.values()) <= len(lengths) / 10


def test_every_module_says_what_it_is() -> None:
    for path in (ROOT / "studio").rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path
