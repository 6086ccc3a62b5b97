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
from typing import Any

from studio.language import join, sentence
from studio.placement.machine import Gpu
from studio.placement.profile import ProfileError

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
        return sentence("needs an NVIDIA graphics card")
    lowest, below = backend.capabilities
    if not lowest <= gpu.capability < below:
        least, end = f"{lowest[0]}.{lowest[1]}", f"{below[0]}.{below[1]}"
        if below < UNLIMITED:
            return sentence("needs a card of compute capability {least} to below {end}", least=least, end=end)
        return sentence("needs a card of compute capability {least}", least=least)
    install = f"pip install '{backend.package}>={backend.minimum_version}'"
    try:
        version = importlib.metadata.version(backend.package)
    except importlib.metadata.PackageNotFoundError:
        return sentence("is not installed: {install}", install=install)
    if _numbers(version) < _numbers(backend.minimum_version):
        return sentence("is installed as {version}, which is too old: {install}", version=version, install=install)
    try:
        importlib.import_module(backend.module)
    except (ImportError, OSError, RuntimeError) as error:
        return sentence(
            "is installed, but does not load ({error}); it was probably built for another PyTorch: {install}",
            error=str(error), install=install)
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
        raise ProfileError(sentence(
            "There is no attention backend '{wanted}' for this studio. There are: {known}.", wanted=wanted, known=known))
    if missing := why_unavailable(backend, gpu):
        raise ProfileError(sentence(
            "The profile asks for the attention backend '{wanted}': {backend} {missing}. Or say '{auto}'.",
            wanted=wanted, backend=backend.title, missing=missing, auto=AUTO))
    return wanted


def backend_title(name: str) -> str:
    """A backend's name for people."""
    known = next((backend.title for backend in BACKENDS if backend.name == name), None)
    own = "SDPA" if name == NATIVE else name.removeprefix("_native_")
    return known or sentence("PyTorch's own ({name})", name=own)


def describe_backend(wanted: str, gpu: Gpu | None) -> str:
    """A sentence that says which backend is used and why.

    Raises:
        ProfileError: as `choose_backend`.
    """
    name = choose_backend(wanted, gpu)
    rounds = any(backend.name == name and not backend.exact for backend in BACKENDS)
    title = backend_title(name)
    chosen = sentence("Attention: {backend}, the best that was found.", backend=title) if wanted == AUTO \
        else sentence("Attention: {backend}, as the profile says.", backend=title)
    return join(chosen, sentence("It rounds to 8 bits.") if rounds else "")


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
        raise ProfileError(sentence(
            "diffusers cannot use the attention backend '{name}': {error}", name=name, error=str(error))) from error
    return name


def set_backend(transformer: Any, name: str) -> None:
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
