"""Stream decoding and one-shot decoding of HunyuanVideo's autoencoder: the same frames."""

from __future__ import annotations

import pytest
import torch

from studio.diffusion.hunyuan import HunyuanCodec
from studio.evaluation import tiny
from studio.memory.snapshot import Snapshot

WINDOW, SECTIONS = 9, 3


@pytest.fixture(scope="module")
def film() -> torch.Tensor:
    return torch.randn(1, 4, 1 + WINDOW * SECTIONS, 4, 4, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("restart", [False, True], ids=["one take", "a take per section"])
@torch.no_grad()
def test_every_section_equals_the_one_shot_decode_of_the_film_so_far(film: torch.Tensor, restart: bool) -> None:
    autoencoder = tiny.autoencoder()
    codec = HunyuanCodec(autoencoder, WINDOW)
    snapshot = Snapshot.begin(film[:, :, :1])
    stream = codec.stream(snapshot.recent, 0)
    for k in range(SECTIONS):
        end = 1 + WINDOW * (k + 1)
        if restart:
            stream = codec.stream(snapshot.recent, snapshot.sections)
        frames = stream.push(film[:, :, end - WINDOW : end])
        whole = autoencoder.decode(film[:, :, :end] / autoencoder.config.scaling_factor).sample
        assert torch.equal(frames, whole[:, :, -4 * WINDOW :])
        snapshot = snapshot.after(film[:, :, end - WINDOW : end])


def test_decoder_calls_do_not_grow(film: torch.Tensor) -> None:
    autoencoder = tiny.autoencoder()
    calls: list[int] = []
    autoencoder.decoder.register_forward_hook(lambda *_: calls.append(1))
    stream = HunyuanCodec(autoencoder, WINDOW).stream(Snapshot.begin(film[:, :, :1]).recent, 0)
    counts = []
    with torch.no_grad():
        for k in range(SECTIONS):
            stream.push(film[:, :, 1 + WINDOW * k : 1 + WINDOW * (k + 1)])
            counts.append(len(calls))
            calls.clear()
    assert counts == [3, 4, 4]


def test_a_window_of_broken_tiles_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number of temporal tiles"):
        HunyuanCodec(tiny.autoencoder(), 8)
