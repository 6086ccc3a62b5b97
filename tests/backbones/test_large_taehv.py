"""TAEHV's decoder on random weights: published names, shapes, causality, and files that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from studio.backbones.large_taehv import TaehvError, TinyDecoder, load_taehv

MEMORY = [f"conv.{layer}.{part}" for layer in (0, 2, 4) for part in ("weight", "bias")]
NAMES = {
    "decoder.1.weight", "decoder.1.bias", "decoder.7.conv.weight", "decoder.8.weight", "decoder.13.conv.weight",
    "decoder.14.weight", "decoder.19.conv.weight", "decoder.20.weight", "decoder.22.weight", "decoder.22.bias",
    *(f"decoder.{block}.{part}" for block in (3, 4, 5, 9, 10, 11, 15, 16, 17) for part in MEMORY),
}
"""As taehv.py builds its decoder for taehv.pth: three stages of three memory blocks, an upsampling, a growth and a convolution."""


@pytest.fixture(scope="module")
def decoder() -> TinyDecoder:
    torch.manual_seed(0)
    return TinyDecoder().eval()


def latents(n: int, seed: int = 0) -> Tensor:
    return torch.randn(1, 16, n, 4, 5, generator=torch.Generator().manual_seed(seed))


def test_names_and_widths_are_the_published_ones(decoder: TinyDecoder) -> None:
    shapes = {name: tuple(value.shape) for name, value in decoder.state_dict().items()}
    assert set(shapes) == NAMES
    assert shapes["decoder.1.weight"] == (256, 16, 3, 3) and shapes["decoder.22.weight"] == (3, 64, 3, 3)
    assert shapes["decoder.3.conv.0.weight"] == (256, 512, 3, 3) and shapes["decoder.7.conv.weight"] == (256, 256, 1, 1)
    assert shapes["decoder.13.conv.weight"] == (256, 128, 1, 1) and shapes["decoder.19.conv.weight"] == (128, 64, 1, 1)


def test_eight_times_the_size_and_four_times_the_frames(decoder: TinyDecoder) -> None:
    frames = list(decoder(latents(3)))
    assert [tuple(four.shape) for four in frames] == [(4, 3, 32, 40)] * 3
    assert all(four.min() >= -1 and four.max() <= 1 and four.std() > 0 for four in frames)
    assert torch.equal(decoder.preview(latents(3)), torch.stack([four[-1] for four in frames]))


def test_a_frame_knows_the_past_and_not_the_future(decoder: TinyDecoder) -> None:
    film, other = latents(3), latents(3)
    other[:, :, 2] += 1
    one, two = (torch.stack(list(decoder(each))) for each in (film, other))
    assert torch.equal(one[:2], two[:2]) and not torch.equal(one[2], two[2])
    other = film.clone()
    other[:, :, 0] += 1
    assert not torch.equal(torch.stack(list(decoder(other)))[1], one[1]), "memory blocks see the frame before"


def test_latent_after_latent_is_all_at_once(decoder: TinyDecoder) -> None:
    """The slow twin: every layer on the whole film, as the published code does it in parallel."""
    film = latents(3)
    x = film[0].movedim(1, 0)
    with torch.no_grad():
        for layer in decoder.decoder:
            before = F.pad(x, (0, 0, 0, 0, 0, 0, 1, 0))[:-1]
            x = layer(x, before) if hasattr(layer, "conv") and "MemBlock" in type(layer).__name__ else layer(x)
    assert torch.allclose(torch.cat(list(decoder(film))), x.clamp(0, 1) * 2 - 1, atol=1e-5)


@pytest.mark.parametrize("name", ["taehv.pth", "taehv.safetensors"])
def test_published_files_are_read(decoder: TinyDecoder, tmp_path: Path, name: str) -> None:
    """They also hold an encoder, and a growth that makes more frames than are wanted; then the last ones count."""
    weights = {key: value.clone() for key, value in decoder.state_dict().items()}
    weights["encoder.0.weight"] = torch.zeros(64, 3, 3, 3)
    weights["decoder.7.conv.weight"] = torch.cat([torch.full((256, 256, 1, 1), 7.0), weights["decoder.7.conv.weight"]])
    (save_file if name.endswith("s") else torch.save)(weights, tmp_path / name)
    film = latents(2)
    assert torch.equal(load_taehv(tmp_path / name, 16).preview(film), decoder.preview(film))


class Evil:
    def __reduce__(self) -> Any:
        return print, ("this code ran",)


def test_files_that_cannot_be_used(decoder: TinyDecoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = decoder.state_dict()

    def message(content: Any, name: str = "taehv.pth", channels: int = 16) -> str:
        path = tmp_path / name
        path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
        with pytest.raises(TaehvError) as error:
            load_taehv(path, channels)
        assert str(path) in str(error.value)
        return str(error.value)

    assert "cannot be read" in message(b"")
    assert "cannot be read" in message(b"rubbish" * 100)
    assert "cannot be read" in message(b"rubbish" * 100, "taehv.safetensors")
    assert "holds no weights of TAEHV's decoder" in message({"encoder.0.weight": torch.zeros(1)})
    assert "cannot be read" in message([1, 2, 3])
    assert "cannot be read" in message({**weights, "decoder.1.weight": torch.zeros(64, 16, 3, 3)})
    assert "cannot be read" in message({name: value for name, value in weights.items() if name != "decoder.22.bias"})
    assert "channels, this model's have 4" in message(weights, channels=4)
    assert "not numbers" in message({**weights, "decoder.22.bias": torch.full((3,), float("nan"))})
    assert "cannot be read" in message({"decoder.1.weight": Evil()})
    assert "ran" not in capsys.readouterr().out
    with pytest.raises(TaehvError, match="cannot be read"):
        load_taehv(tmp_path / "nothing.pth", 16)
