"""The cache of embeddings: each is computed once, returned bit for bit, and no error of the disk reaches a film."""

from __future__ import annotations

import errno
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.backbones import embeddings as module
from studio.backbones.embeddings import CachedConditioner
from studio.diffusion.backbone import Conditioning

PICTURE = torch.linspace(-1, 1, 3 * 4 * 6).view(1, 3, 4, 6)


class Encoders:
    """Says what depends on prompt and picture, and counts how often it was opened and asked."""

    def __init__(self) -> None:
        self.opened = self.asked = 0

    def open(self) -> Encoders:
        self.opened += 1
        return self

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        self.asked += 1
        text = torch.tensor([float(ord(c)) for c in prompt or " "]).view(1, -1, 1).expand(-1, -1, 8).bfloat16()
        return Conditioning(text, torch.ones(1, text.shape[1], dtype=torch.long), text[:, 0], picture.flatten(1)[:, None])


def cached(encoders: Encoders, folder: Path, name: str = "llama-int8", limit: int = 256) -> CachedConditioner:
    return CachedConditioner(encoders.open, folder, name, torch.device("cpu"), limit)


def same(one: Conditioning, other: Conditioning) -> bool:
    return all(
        getattr(one, f.name).dtype == getattr(other, f.name).dtype and torch.equal(getattr(one, f.name), getattr(other, f.name))
        for f in fields(Conditioning)
    )


def test_a_retake_and_a_studio_started_again_wake_no_encoder(tmp_path: Path) -> None:
    first, again = Encoders(), Encoders()
    conditioner = cached(first, tmp_path)
    assert not conditioner.is_open
    embeddings = conditioner("rain falls", PICTURE)
    assert same(conditioner("rain falls", PICTURE), embeddings) and (first.opened, first.asked) == (1, 1)
    later = cached(again, tmp_path)
    assert same(later("rain falls", PICTURE), embeddings) and same(later("rain falls", PICTURE), Encoders()("rain falls", PICTURE))
    assert not later.is_open and (again.opened, again.asked) == (0, 0)


@pytest.mark.parametrize("changed", ["prompt", "picture", "size", "encoders", "border"])
def test_whatever_is_different_is_encoded_again(tmp_path: Path, changed: str) -> None:
    cached(Encoders(), tmp_path, "ab")("c", PICTURE)
    encoders = Encoders()
    picture = {"picture": PICTURE + 0.01, "size": PICTURE.view(1, 3, 6, 4)}.get(changed, PICTURE)
    name, prompt = {"encoders": ("abc", "c"), "prompt": ("ab", "d"), "border": ("a", "bc")}.get(changed, ("ab", "c"))
    cached(encoders, tmp_path, name)(prompt, picture)
    assert encoders.asked == 1


def test_a_damaged_file_is_written_again(tmp_path: Path) -> None:
    embeddings = cached(Encoders(), tmp_path)("fog", PICTURE)
    path, = tmp_path.glob("*.safetensors")
    for damage in (path.read_bytes()[:40], b"", b"{}" * 50):
        path.write_bytes(damage)
        encoders = Encoders()
        assert same(cached(encoders, tmp_path)("fog", PICTURE), embeddings) and encoders.asked == 1
    last = Encoders()
    cached(last, tmp_path)("fog", PICTURE)
    assert last.asked == 0


def test_those_not_used_for_longest_go(tmp_path: Path) -> None:
    encoders = Encoders()
    conditioner = cached(encoders, tmp_path, limit=2)
    for prompt in ("one", "two", "one", "three"):
        conditioner(prompt, PICTURE)
    assert len(list(tmp_path.iterdir())) == 2
    conditioner("one", PICTURE)
    assert encoders.asked == 3
    conditioner("two", PICTURE)
    assert encoders.asked == 4


def test_a_full_disk_keeps_nothing_and_hinders_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "save_file", full)
    encoders = Encoders()
    conditioner = cached(encoders, tmp_path)
    assert same(conditioner("snow", PICTURE), conditioner("snow", PICTURE))
    assert encoders.asked == 2 and not list(tmp_path.iterdir())


def test_encoders_that_cannot_be_opened_say_so_each_time(tmp_path: Path) -> None:
    def broken() -> Encoders:
        raise RuntimeError("text_encoder is damaged")

    conditioner = CachedConditioner(broken, tmp_path, "llama", torch.device("cpu"))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="text_encoder is damaged"):
            conditioner("snow", PICTURE)
