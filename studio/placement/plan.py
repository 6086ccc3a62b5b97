"""Plan: how much memory and time a model needs with given settings on a given machine.

Bytes are calculated from the sizes of tensors; the constants below are allowances for what cannot be calculated. Seconds are
estimates, from calculated operations and the table of cards (`gpus.toml`). `choose.py` decides which plan is used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from studio.placement.machine import GB, Machine
from studio.placement.profile import Profile, gpu_budget
from studio.placement.sizes import ModelSizes, Size, block_bytes, bytes_of, resident_blocks, tile_peak

CUDA_CONTEXT = GB // 2
"""Bytes of GPU memory that CUDA's context and its libraries take."""
PROCESS_RAM = round(2.5 * GB)
SMALL_PROCESS_RAM = round(1.5 * GB)
"""Bytes of memory that a process with PyTorch and CUDA takes, and one that computes the embedded model on the processor."""
LOADING_RAM = GB
"""Bytes of memory that weights take on their way from disk to the GPU."""
STREAM_BUFFERS = 2
"""Buffers on the GPU through which streamed blocks pass."""
DISK_RATE = 2e9
"""Bytes a second from a solid-state disk, which is not measured."""
UNHIDDEN_COPY_SHARE = 0.05
"""Share of the copying time that is not hidden behind computing. It makes fewer streamed blocks always a little better."""
INT8_BYTES_PER_WEIGHT = 7
"""Bytes that a GPU moves in its memory to widen one int8 weight."""
SMALL_MODEL_SPEED = 0.1
"""Share of a GPU's speed that the small layers of the embedded model reach."""
DECODING_FACTOR = 1.25
"""The embedded model's time with decoding and writing, in times of its denoising."""


@dataclass(frozen=True)
class Plan:
    """Where the parts of a model are kept for films of one size, and what that needs. A plan may not fit: see `fits`."""

    machine: Machine
    model: ModelSizes
    size: Size
    requested_size: Size           # differs from `size` where only a smaller film fits; a person has to agree to that
    profile: Profile               # with the actual number of resident blocks: never FIT
    budget: int                    # bytes of GPU memory that may be used
    resident_bytes: int            # transformer weights that stay on the GPU: resident blocks and what is outside of blocks
    ram_stream_bytes: int          # transformer weights that are streamed from memory
    disk_stream_bytes: int         # transformer weights that are streamed from disk
    text_peak: int                 # bytes of GPU memory while prompt and picture are encoded
    denoise_peak: int              # while denoising
    decode_peak: int               # while decoding
    ram: int                       # bytes of memory at the peak
    pinned: int                    # bytes of memory that are pinned: blocks that are streamed from there
    step_seconds: float            # estimate for a denoising step
    section_seconds: float         # estimate for a section, with decoding
    film_ram: int = 0              # bytes of memory while the film is made; 0: the same as `ram`

    @property
    def peak(self) -> int:
        """Bytes of GPU memory at the peak of the whole film."""
        return max(self.text_peak, self.denoise_peak, self.decode_peak)

    @property
    def needs_smaller_film(self) -> bool:
        """Whether the plan is for a smaller film than was requested. A person has to agree before it is used."""
        return self.size != self.requested_size

    @property
    def vram_shortage(self) -> int:
        """Bytes of GPU memory that are missing; 0 if it fits."""
        return max(0, self.peak - self.budget)

    @property
    def ram_shortage(self) -> int:
        """Bytes of memory, or of memory that may be pinned, that are missing; 0 if it fits."""
        return max(0, self.ram - ram_budget(self.machine), self.pinned - self.machine.pinnable)

    @property
    def fits(self) -> bool:
        """Whether neither GPU memory nor memory is short."""
        return not self.vram_shortage and not self.ram_shortage


def margin(machine: Machine) -> int:
    """Bytes of GPU memory that are kept free for other programs.

    Windows needs more: where other programs want memory, it moves ours out without a word, and that is fifty times slower.
    """
    total = machine.gpu.total if machine.gpu else 0
    return max(round((0.5 if machine.system == "Windows" else 0.25) * GB), total * (6 if machine.system == "Windows" else 3) // 100)


def ram_budget(machine: Machine) -> int:
    """Bytes of memory that may be used: all that is free, less a gigabyte or a twentieth of the total."""
    return max(0, machine.ram_free - max(GB, machine.ram_total // 20))


def plan_of(machine: Machine, model: ModelSizes, size: Size, profile: Profile, requested_size: Size | None = None) -> Plan:
    """The plan for a large model on a machine with a GPU, whether it fits or not.

    Args:
        machine, model: for which the plan is.
        size: width and height of the film in pixels.
        profile: with an actual number of resident blocks, not FIT.
        requested_size: the size that the film should have had; None: `size`.
    """
    t = model.transformer
    sizes = tuple(block_bytes(t, profile.weights, profile.adaln_table))
    resident, streamed, buffers = _resident_and_streamed(sizes, profile.resident)
    resident_bytes = resident + bytes_of(t.outside, "bf16") + (0 if profile.adaln_table else bytes_of(t.out_adaln, "bf16"))
    table = 2 * model.steps * t.adaln.parameters // t.width if profile.adaln_table else 0
    constant = CUDA_CONTEXT + resident_bytes + buffers + table + model.memory_bytes + model.lora_bytes + model.psi_bytes(size)
    widened = round(2 * (1 + t.mlp) * t.width**2) if profile.weights == "int8" else 0
    # The step cache holds three tensors of the film's tokens until the section ends: the first block's residual and output, and the
    # residual of all other blocks.
    cached = 3 * 2 * t.width * model.tokens(size) if profile.cache == "first-block" else 0
    text_vram, text_ram = text_encoding_peaks(model, profile)
    # Blocks on disk are mapped files and need no memory of their own, except for what is being copied.
    pinned, copied = (streamed, 0) if profile.stream == "ram" else (0, buffers)
    frames = model.section_frames(size) * 3 * size[0] * size[1] * 5
    # psi is there twice: as the section before left it, and as the newest one does.
    film_ram = PROCESS_RAM + bytes_of(model.small_encoders, "bf16") + pinned + copied + frames + 2 * model.psi_bytes(size)
    step, section = _seconds(machine, model, size, profile, streamed)
    return Plan(
        machine, model, size, requested_size or size, profile,
        gpu_budget(profile, machine.gpu.free if machine.gpu else 0, margin(machine)),
        resident_bytes, streamed if profile.stream == "ram" else 0, streamed if profile.stream == "disk" else 0,
        text_peak=text_vram,
        denoise_peak=constant + max(model.block_peak(size) + widened + cached, model.reader_peak(size)),
        decode_peak=constant + bytes_of(model.vae, "bf16") + model.frames_bytes(size)
        + tile_peak(min(profile.vae_tile, max(size)), model.vae_width),
        ram=max(text_ram, film_ram), pinned=pinned, step_seconds=step, section_seconds=section, film_ram=film_ram,
    )


def text_encoding_peaks(model: ModelSizes, profile: Profile) -> tuple[int, int]:
    """(bytes of GPU memory, bytes of memory) while prompt and picture are encoded, which is before the transformer is loaded."""
    encoder = bytes_of(model.text_encoder, profile.text_weights)
    ram = PROCESS_RAM + bytes_of(model.small_encoders, "bf16")
    if profile.text_encoder == "cpu":
        return 0, ram + encoder
    return CUDA_CONTEXT + (encoder if profile.text_encoder == "gpu" else encoder // 16), ram + LOADING_RAM


@lru_cache(maxsize=2048)
def _resident_and_streamed(sizes: tuple[int, ...], resident: int) -> tuple[int, int, int]:
    """(bytes of resident blocks, bytes of streamed blocks, bytes of the buffers) for blocks of these sizes."""
    stay = resident_blocks(len(sizes), resident)
    resident_bytes = sum(size for index, size in enumerate(sizes) if index in stay)
    streamed = [size for index, size in enumerate(sizes) if index not in stay]
    return resident_bytes, sum(streamed), min(STREAM_BUFFERS, len(streamed)) * max(streamed, default=0)


def _seconds(machine: Machine, model: ModelSizes, size: Size, profile: Profile, streamed: int) -> tuple[float, float]:
    """Estimated seconds of a step and of a section on a GPU. Copying runs while the GPU computes, so the longer of the two counts.

    What a step cache saves depends on the film and was not measured, so it is not included.
    """
    rate, computing = machine.tflops * 1e12, model.step_flops(size) / (machine.tflops * 1e12)
    if profile.weights == "int8" and machine.gpu:
        t = model.transformer
        weights = t.double.matrix * t.doubles + t.single.matrix * t.singles
        computing += INT8_BYTES_PER_WEIGHT * weights / (1e9 * machine.gpu.figures.gb_s)
    copying = streamed / (DISK_RATE if profile.stream == "disk" else machine.link_rate)
    step = max(computing, copying) + UNHIDDEN_COPY_SHARE * copying
    return step, model.steps * step + model.decode_flops(size, profile.vae_tile) / rate


def plan_whole(machine: Machine, model: ModelSizes, size: Size, profile: Profile) -> Plan:
    """The plan with all parts on one device: for the embedded model, or for a large one if a profile wants the processor."""
    weights = sum(bytes_of(part, profile.weights) for part in (
        model.transformer.total, model.text_encoder, model.small_encoders, model.vae)) + model.memory_bytes + model.lora_bytes
    need = weights + model.psi_bytes(size) + 2 * model.block_peak(size) + 4 * model.frames_bytes(size)
    gpu = machine.gpu if (profile.device == "cuda" or not model.large) and not model.processor_only else None
    budget = max(0, gpu.free - margin(machine)) if gpu else 0
    on_gpu = gpu is not None and CUDA_CONTEXT + need <= budget
    rate = 1e12 * (machine.tflops * SMALL_MODEL_SPEED if on_gpu else replace(machine, gpu=None).tflops)
    step = model.step_flops(size) / rate
    actual = replace(profile, device="cuda" if on_gpu else "cpu", resident=model.transformer.blocks)
    process = PROCESS_RAM if on_gpu or model.large else SMALL_PROCESS_RAM
    peak = CUDA_CONTEXT + need if on_gpu else 0
    return Plan(
        machine, model, size, size, actual, budget,
        bytes_of(model.transformer.total, profile.weights) if on_gpu else 0, 0, 0,
        text_peak=peak, denoise_peak=peak, decode_peak=peak, ram=process + (weights if on_gpu else need), pinned=0,
        step_seconds=step, section_seconds=DECODING_FACTOR * model.steps * step,
    )
