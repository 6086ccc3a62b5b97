"""Attention backends: which are found, the messages about others, and that one model's choice does not affect another."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from diffusers.models.attention_dispatch import AttentionBackendName, _AttentionBackendRegistry

from studio.placement.attention import (
    BACKENDS,
    NATIVE,
    PYTORCH_BACKENDS,
    choose_backend,
    describe_backend,
    list_backends,
    require_backend,
    set_backend,
)
from studio.placement.machine import GB, Gpu
from studio.placement.profile import ProfileError
from tests.placement.conftest import network, relative, run

ADA = Gpu("RTX 4090", (8, 9), 24 * GB, 23 * GB)
HOPPER = Gpu("H100", (9, 0), 80 * GB, 79 * GB)
TURING = Gpu("RTX 2060", (7, 5), 6 * GB, 5 * GB)


def install(folder: Path, package: str, module: str, version: str, code: str = "") -> None:
    """A package that pip might have installed."""
    place = folder / module
    place.mkdir()
    (place / "__init__.py").write_text(code)
    about = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")


@pytest.fixture()
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for backend in BACKENDS:
        sys.modules.pop(backend.module, None)


def test_every_name_is_diffusers_own() -> None:
    known = {backend.value for backend in AttentionBackendName}
    assert {backend.name for backend in BACKENDS} | set(PYTORCH_BACKENDS) <= known


def test_where_nothing_is_installed_pytorchs_own_is_the_best() -> None:
    assert choose_backend("auto", ADA) == choose_backend("auto", None) == NATIVE
    assert describe_backend("auto", ADA) == "Attention: PyTorch's own (SDPA), the best that was found."
    here, *others = list_backends(ADA)
    assert here == "PyTorch's own (SDPA)"
    assert "FlashAttention 2 (flash) is not installed: pip install 'flash-attn>=2.6.3'" in others
    assert "FlashAttention 3 (_flash_3) needs a card of compute capability 9.0 to below 10.0" in others
    assert list(list_backends(None)) == [here], "nobody without a card needs to install any of them"


def test_the_best_exact_one_is_taken_and_a_rounding_one_only_when_it_is_named(packages: Path) -> None:
    install(packages, "sageattention", "sageattention", "2.2.0")
    assert choose_backend("auto", ADA) == NATIVE and choose_backend("sage", ADA) == "sage"
    assert describe_backend("sage", ADA).endswith("as the profile says. It rounds to 8 bits.")
    install(packages, "flash-attn", "flash_attn", "2.8.3")
    assert choose_backend("auto", ADA) == "flash" and choose_backend("auto", TURING) == NATIVE
    install(packages, "flash_attn_3", "flash_attn_interface", "3.0.0b1")
    assert choose_backend("auto", HOPPER) == "_flash_3" and choose_backend("auto", ADA) == "flash"
    assert next(iter(list_backends(ADA))) == "PyTorch's own (SDPA), FlashAttention 2 (flash), SageAttention (sage)"


@pytest.mark.parametrize(("name", "gpu", "message"), [
    ("sage", ADA, r"SageAttention is not installed: pip install 'sageattention>=2\.1\.1'. Or say 'auto'"),
    ("flash", None, "FlashAttention 2 needs an NVIDIA graphics card"),
    ("flash", TURING, r"needs a card of compute capability 8\.0"),
    ("flash_hub", ADA, r"no attention backend 'flash_hub' for this studio\. There are: auto, native"),
    ("best", ADA, "no attention backend 'best'"),
])
def test_what_is_not_here_says_what_to_do(name: str, gpu: Gpu | None, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        choose_backend(name, gpu)


def test_an_old_one_and_one_for_another_pytorch(packages: Path) -> None:
    install(packages, "flash-attn", "flash_attn", "2.5.9")
    with pytest.raises(ProfileError, match=r"installed as 2\.5\.9, which is too old"):
        choose_backend("flash", ADA)
    install(packages, "sageattention", "sageattention", "2.2.0", "raise ImportError('undefined symbol')")
    with pytest.raises(ProfileError, match=r"does not load \(undefined symbol\).*another PyTorch"):
        choose_backend("sage", ADA)


def test_diffusers_has_the_last_word(packages: Path) -> None:
    install(packages, "flash-attn", "flash_attn", "2.8.3")     # after diffusers has looked, so it does not know it
    with pytest.raises(ProfileError, match="diffusers cannot use the attention backend 'flash'"):
        require_backend("flash", ADA)
    assert require_backend("auto", None) == NATIVE


def test_a_choice_is_this_models_alone() -> None:
    model, other = network(), network()
    twin = run(model)
    set_backend(model, "_native_math")
    assert _AttentionBackendRegistry.get_active_backend()[0] == AttentionBackendName.NATIVE
    used = {block.attn.processor._attention_backend for block in model.transformer_blocks}
    assert used == {AttentionBackendName._NATIVE_MATH} and other.transformer_blocks[0].attn.processor._attention_backend is None
    assert relative(run(model), twin) < 1e-5 and torch.equal(run(other), twin)
