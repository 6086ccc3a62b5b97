"""Attention backends: which of those that diffusers can use are here and work on this card, in words. It measures none of them.

They give the same attention (SageAttention nearly: it rounds to 8 bits) from other kernels; which is quickest depends on the card.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.placement.machine import Gpu
from studio.placement.profile import ProfileError

if TYPE_CHECKING:
    from diffusers import HunyuanVideoFramepackTransformer3DModel

AUTO = "auto"
NATIVE = "native"
PYTORCH_BACKENDS = (NATIVE, "_native_cudnn", "_native_efficient", "_native_flash", "_native_math", "flex")
"""PyTorch's: always there. `native` lets PyTorch choose among the others."""
Capability = tuple[int, int]
UNLIMITED = (99, 0)


@dataclass(frozen=True)
class AttentionBackend:
    """A backend that a package brings, with what diffusers and its kernels ask for."""

    name: str                      # diffusers'
    title: str
    module: str
    package: str                   # as pip knows it
    minimum_version: str                     # version
    capabilities: tuple[Capability, Capability]   # from this compute capability to below that
    exact: bool = True


BACKENDS = (
    AttentionBackend("_flash_3", "FlashAttention 3", "flash_attn_interface", "flash_attn_3", "3.0", ((9, 0), (10, 0))),
    AttentionBackend("flash", "FlashAttention 2", "flash_attn", "flash-attn", "2.6.3", ((8, 0), UNLIMITED)),
    AttentionBackend("xformers", "xFormers", "xformers.ops", "xformers", "0.0.29", ((8, 0), UNLIMITED)),
    AttentionBackend("sage", "SageAttention", "sageattention", "sageattention", "2.1.1", ((8, 0), UNLIMITED), exact=False),
)
"""In the order that `auto` takes them. Exact ones only: rounding attention is the artist's choice."""
PREFERRED = ("_flash_3", "flash")
"""xFormers brings no kernel that PyTorch lacks for attention without a mask."""


def why_unavailable(backend: AttentionBackend, gpu: Gpu | None) -> str:
    """What keeps the backend from working here, and what to do; empty if nothing does."""
    if gpu is None:
        return "needs an NVIDIA graphics card"
    minimum_version, below = backend.capabilities
    if not minimum_version <= gpu.capability < below:
        until = f" to below {below[0]}.{below[1]}" if below < UNLIMITED else ""
        return f"needs a card of compute capability {minimum_version[0]}.{minimum_version[1]}{until}"
    install = f"pip install '{backend.package}>={backend.minimum_version}'"
    try:
        version = importlib.metadata.version(backend.package)
    except importlib.metadata.PackageNotFoundError:
        return f"is not installed: {install}"
    if _numbers(version) < _numbers(backend.minimum_version):
        return f"is installed as {version}, which is too old: {install}"
    try:
        importlib.import_module(backend.module)
    except (ImportError, OSError, RuntimeError) as error:
        return f"is installed, but does not load ({error}); it was probably built for another PyTorch: {install}"
    return ""


def choose_backend(wanted: str, gpu: Gpu | None) -> str:
    """diffusers' name of the backend that `wanted` stands for: itself, or with "auto" the best exact one that is here.

    Raises:
        ProfileError: it is not known, or not here; with what to install.
    """
    if wanted == AUTO:
        return next((b.name for b in BACKENDS if b.name in PREFERRED and not why_unavailable(b, gpu)), NATIVE)
    if wanted in PYTORCH_BACKENDS:
        return wanted
    backend = next((backend for backend in BACKENDS if backend.name == wanted), None)
    if backend is None:
        known = ", ".join([AUTO, *PYTORCH_BACKENDS, *(backend.name for backend in BACKENDS)])
        raise ProfileError(f"There is no attention backend '{wanted}' for this studio. There are: {known}.")
    if missing := why_unavailable(backend, gpu):
        raise ProfileError(f"The profile asks for the attention backend '{wanted}': {backend.title} {missing}. Or say '{AUTO}'.")
    return wanted


def backend_title(name: str) -> str:
    """What a person calls a backend."""
    found = next((backend.title for backend in BACKENDS if backend.name == name), None)
    return found or ("PyTorch's own (SDPA)" if name == NATIVE else f"PyTorch's own ({name.removeprefix('_native_')})")


def describe_backend(wanted: str, gpu: Gpu | None) -> str:
    """What a plan's attention is computed with, and why."""
    name = choose_backend(wanted, gpu)
    rounds = next((" It rounds to 8 bits." for backend in BACKENDS if backend.name == name and not backend.exact), "")
    return f"Attention: {backend_title(name)}{', the best that was found' if wanted == AUTO else ', as the profile says'}.{rounds}"


def list_backends(gpu: Gpu | None) -> Iterator[str]:
    """What is here, and, where there is a card, what is not and how to get it."""
    lacks = {backend: why_unavailable(backend, gpu) for backend in BACKENDS}
    here = [f"{backend.title} ({backend.name})" for backend, why in lacks.items() if not why]
    yield ", ".join([f"{backend_title(NATIVE)}", *here])
    if gpu is not None:
        yield from (f"{backend.title} ({backend.name}) {why}" for backend, why in lacks.items() if why)


def require_backend(wanted: str, gpu: Gpu | None) -> str:
    """As `choose_backend`, once diffusers has agreed. Raises ProfileError."""
    from diffusers.models.attention_dispatch import AttentionBackendName, _check_attention_backend_requirements

    name = choose_backend(wanted, gpu)
    try:
        _check_attention_backend_requirements(AttentionBackendName(name))
    except RuntimeError as error:
        raise ProfileError(f"diffusers cannot use the attention backend '{name}': {error}") from error
    return name


def set_backend(transformer: HunyuanVideoFramepackTransformer3DModel, name: str) -> None:
    """Let this transformer's blocks use a backend, and no other model of the process.

    Args:
        transformer: changed in place.
        name: as `require_backend` gives it.
    """
    from diffusers.models.attention_dispatch import AttentionBackendName, _AttentionBackendRegistry

    before, _ = _AttentionBackendRegistry.get_active_backend()
    try:
        transformer.set_attention_backend(name)
    finally:
        # diffusers makes it the whole process's default as well, also for models that compute what it cannot.
        _AttentionBackendRegistry.set_active_backend(AttentionBackendName(before))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
