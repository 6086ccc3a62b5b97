"""What goes to a worker and comes back, where the farm is, and who imports Ray."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from studio.engine.events import Failed, Pin, RenderRequest
from studio.farm.address import Address, AddressError, farm_address
from studio.farm.choice import choose_engine
from studio.farm.parcel import PARTS, Packer, Unpacker
from studio.farm.values import dump, load
from studio.language import Sentence, sentence
from studio.memory.snapshot import Snapshot, read_snapshot

ROOT = Path(__file__).parents[2]


def test_a_worker_can_read_what_lies_in_takes_that_are_not_named(tmp_path: Path) -> None:
    """The parent's snapshot names latents of the take before it: they come along, and nothing else of that take."""
    first = Snapshot.initial(torch.ones(1, 16, 1, 8, 8)).advance(torch.randn(1, 16, 9, 8, 8))
    second = first.advance(torch.randn(1, 16, 9, 8, 8))
    for name, snapshot in (("a", first), ("b", second)):
        (tmp_path / "film" / name).mkdir(parents=True)
        snapshot.write(tmp_path / "film" / name / "snapshot.safetensors")
        (tmp_path / "film" / name / "clip.mp4").write_bytes(name.encode())
    picture, folder = tmp_path / "picture.png", tmp_path / "film" / "c"
    picture.write_bytes(b"a picture")
    folder.mkdir()
    parent = tmp_path / "film" / "b"
    request = RenderRequest("c", "tiny", "", 1, 1, 1, 1.0, (64, 48), picture, parent, folder, pins=(Pin(tmp_path / "gone", 1),))
    asked: list[bytes] = []
    packer, unpacker = Packer(bytes), Unpacker(tmp_path / "worker", lambda content: asked.append(content) or content)
    here = unpacker.unpack(packer.pack(request))
    assert here.parent and here.parent.name == "b" and here.parent.is_relative_to(tmp_path / "worker")
    assert torch.equal(read_snapshot(here.parent / "snapshot.safetensors").recent, second.recent)
    assert [path.suffix for path in (here.folder.parent / PARTS).iterdir()] and b"a" not in asked
    assert here.reference.read_bytes() == b"a picture" and here.folder.is_dir() and not here.pins[0].take.exists()
    count = len(asked)
    again = unpacker.unpack(packer.pack(request))
    assert len(asked) == count and again.reference == here.reference, "nothing is sent twice, and a picture keeps its path"


def test_sentences_come_back_as_sentences(tmp_path: Path) -> None:
    failed = Failed("a", sentence("The snapshot {path} is missing.", path=tmp_path / "x"), sentence("Try again."), 0, 0, 0.0)
    back = load(dump(failed, str), Path)
    assert back == failed and isinstance(back.message, Sentence) and back.message.values == {"path": tmp_path / "x"}


@pytest.mark.parametrize(("text", "address"), [
    ("", None), (" local:2 ", Address(2)), ("ray://farm:10001", Address(cluster="ray://farm:10001")),
])
def test_where_the_farm_is(monkeypatch: pytest.MonkeyPatch, text: str, address: Address | None) -> None:
    monkeypatch.setenv("STUDIO_FARM", text)
    assert farm_address() == address


@pytest.mark.parametrize("text", ["2", "local", "local:0", "local:65", "http://farm", "ray://farm", "ray://user@farm:1/path"])
def test_another_address_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("STUDIO_FARM", text)
    with pytest.raises(AddressError, match="Write local:2 for two workers"):
        choose_engine((), (), ROOT)


def test_without_ray_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_FARM", "local:2")
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(AddressError, match=r"Ray is not installed. Run: pip install"):
        farm_address()


def test_ray_is_the_farms_alone() -> None:
    others = [path for path in [*ROOT.glob("*.py"), *(ROOT / "studio").rglob("*.py")] if "farm" not in path.parts]
    assert [path for path in others if "import ray" in path.read_text("utf-8")] == []
