"""Attention backends: which of those that diffusers supports are installed and work on this GPU.

They compute the same attention with other kernels (SageAttention nearly the same: it rounds to 8 bits). Which is quickest
depends on the GPU; the studio does not measure it.
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
"""PyTorch's own backends, which are always available. `native` lets PyTorch choose among the others."""
Capability = tuple[int, int]
UNLIMITED = (99, 0)
"""A compute capability above that of every GPU."""


@dataclass(frozen=True)
class AttentionBackend:
    """A backend that comes with a package, and what diffusers and its kernels require."""

    name: str                      # in diffusers
    title: str                     # for people
    module: str                    # to import
    package: str                   # to install with pip
    minimum_version: str
    capabilities: tuple[Capability, Capability]    # the lowest compute capability that works, and the first that does not
    exact: bool = True                             # False: it rounds the attention


BACKENDS = (
    AttentionBackend("_flash_3", "FlashAttention 3", "flash_attn_interface", "flash_attn_3", "3.0", ((9, 0), (10, 0))),
    AttentionBackend("flash", "FlashAttention 2", "flash_attn", "flash-attn", "2.6.3", ((8, 0), UNLIMITED)),
    AttentionBackend("xformers", "xFormers", "xformers.ops", "xformers", "0.0.29", ((8, 0), UNLIMITED)),
    AttentionBackend("sage", "SageAttention", "sageattention", "sageattention", "2.1.1", ((8, 0), UNLIMITED), exact=False),
)
"""In the order in which `auto` prefers them. It takes exact ones only: rounded attention is the artist's choice."""
PREFERRED = ("_flash_3", "flash")
"""The backends that `auto` may take. For attention without a mask xFormers has no kernel that PyTorch lacks."""


def why_unavailable(backend: AttentionBackend, gpu: Gpu | None) -> str:
    """Why the backend does not work on this machine, and what to do, as the end of a sentence; empty if it works."""
    if gpu is None:
        return "needs an NVIDIA graphics card"
    lowest, below = backend.capabilities
    if not lowest <= gpu.capability < below:
        until = f" to below {below[0]}.{below[1]}" if below < UNLIMITED else ""
        return f"needs a card of compute capability {lowest[0]}.{lowest[1]}{until}"
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
    """diffusers' name of the backend to use.

    Args:
        wanted: "auto", for the best exact backend that works here, or the name of a backend.
        gpu: None: there is none.

    Raises:
        ProfileError: the backend is not known, or does not work here; with what to install.
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
    """A backend's name for people."""
    known = next((backend.title for backend in BACKENDS if backend.name == name), None)
    return known or ("PyTorch's own (SDPA)" if name == NATIVE else f"PyTorch's own ({name.removeprefix('_native_')})")


def describe_backend(wanted: str, gpu: Gpu | None) -> str:
    """A sentence that says which backend is used and why.

    Raises:
        ProfileError: as `choose_backend`.
    """
    name = choose_backend(wanted, gpu)
    rounds = next((" It rounds to 8 bits." for backend in BACKENDS if backend.name == name and not backend.exact), "")
    return f"Attention: {backend_title(name)}{', the best that was found' if wanted == AUTO else ', as the profile says'}.{rounds}"


def list_backends(gpu: Gpu | None) -> Iterator[str]:
    """A list of the backends that work here; then, if there is a GPU, a line for each other one with what to do to get it."""
    reasons = {backend: why_unavailable(backend, gpu) for backend in BACKENDS}
    here = [f"{backend.title} ({backend.name})" for backend, why in reasons.items() if not why]
    yield ", ".join([f"{backend_title(NATIVE)}", *here])
    if gpu is not None:
        yield from (f"{backend.title} ({backend.name}) {why}" for backend, why in reasons.items() if why)


def require_backend(wanted: str, gpu: Gpu | None) -> str:
    """As `choose_backend`, and diffusers' own check of the backend passes.

    Raises:
        ProfileError: as `choose_backend`, or diffusers cannot use the backend.
    """
    from diffusers.models.attention_dispatch import AttentionBackendName, _check_attention_backend_requirements

    name = choose_backend(wanted, gpu)
    try:
        _check_attention_backend_requirements(AttentionBackendName(name))
    except RuntimeError as error:
        raise ProfileError(f"diffusers cannot use the attention backend '{name}': {error}") from error
    return name


def set_backend(transformer: HunyuanVideoFramepackTransformer3DModel, name: str) -> None:
    """Makes this transformer's blocks use a backend; other models of the process are not affected.

    Args:
        transformer: is changed in place.
        name: a backend, as `require_backend` returns it.
    """
    from diffusers.models.attention_dispatch import AttentionBackendName, _AttentionBackendRegistry

    before, _ = _AttentionBackendRegistry.get_active_backend()
    try:
        transformer.set_attention_backend(name)
    finally:
        # diffusers also makes it the default of the whole process, even for models whose attention it cannot compute.
        _AttentionBackendRegistry.set_active_backend(AttentionBackendName(before))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
