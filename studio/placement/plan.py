"""What a placement needs of a machine: bytes on the card and off it, and seconds. It does not choose one, and moves nothing.

All seconds are estimates, from counted operations and `machine.SPEEDS`. Bytes are counted; allowances for what cannot be counted
are the constants below.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from studio.placement.machine import GB, Machine
from studio.placement.profile import Profile, gpu_budget
from studio.placement.sizes import ModelSizes, Size, block_bytes, bytes_of, resident_blocks, tile_peak

CUDA_CONTEXT = GB // 2
"""What CUDA_CONTEXT's context and its libraries take on the card."""
PROCESS_RAM = round(2.5 * GB)
SMALL_PROCESS_RAM = round(1.5 * GB)
"""Memory of a process with PyTorch and CUDA_CONTEXT in it, and of one that computes the embedded model; allowances."""
LOADING_RAM = GB
"""Memory that weights take on their way from disk to the card."""
STREAM_BUFFERS = 2
PCIE_RATE = 12e9
DISK_RATE = 2e9
"""Bytes a second from memory (PCIe 4.0 with 8 lanes) and from a solid-state disk, where the machine does not know better."""
UNHIDDEN_COPY_SHARE = 0.05
"""Share of the copies that computing does not hide: so fewer streamed blocks are always a little better."""
INT8_BYTES_PER_WEIGHT = 7
BYTES_PER_FLOP = 0.01
"""Bytes that widening one int8 weight moves on the card, and bytes that a card moves while it does one operation."""
SMALL_MODEL_SPEED = 0.1
"""Of a card's speed that the embedded model's small layers reach."""
DECODING_FACTOR = 1.25
"""The embedded model's decoding and writing on top of denoising."""


@dataclass(frozen=True)
class Plan:
    """A placement that fits, or is the nearest to it. Bytes, and seconds that are estimates."""

    machine: Machine
    model: ModelSizes
    size: Size
    requested_size: Size                    # differs from size after a step down that a person has to agree to
    profile: Profile               # settled: a number of resident blocks, a source, a place for the text encoder
    budget: int                    # of graphics memory
    resident_bytes: int                   # transformer weights on the card: resident blocks, and what lies outside of the blocks
    ram_stream_bytes: int                  # transformer weights streamed
    disk_stream_bytes: int
    text_peak: int                 # graphics memory while the prompt is encoded
    denoise_peak: int
    decode_peak: int
    ram: int                       # memory at its fullest
    pinned: int
    step_seconds: float
    section_seconds: float

    @property
    def peak(self) -> int:
        """Graphics memory at its fullest."""
        return max(self.text_peak, self.denoise_peak, self.decode_peak)

    @property
    def needs_smaller_film(self) -> bool:
        """Whether a smaller film is what it needs: ask before it is used."""
        return self.size != self.requested_size

    @property
    def vram_shortage(self) -> int:
        return max(0, self.peak - self.budget)

    @property
    def ram_shortage(self) -> int:
        return max(0, self.ram - ram_budget(self.machine), self.pinned - self.machine.pinnable)

    @property
    def fits(self) -> bool:
        return not self.vram_shortage and not self.ram_shortage


def margin(machine: Machine) -> int:
    """Graphics memory kept free: Windows pages silently where other programs want more, and that is fifty times slower."""
    total = machine.gpu.total if machine.gpu else 0
    return max(round((0.5 if machine.system == "Windows" else 0.25) * GB), total * (6 if machine.system == "Windows" else 3) // 100)


def ram_budget(machine: Machine) -> int:
    """Memory that may be used: what is free, less a gigabyte or a twentieth."""
    return max(0, machine.ram_free - max(GB, machine.ram_total // 20))


def plan_of(machine: Machine, model: ModelSizes, size: Size, profile: Profile, requested_size: Size | None = None) -> Plan:
    """What this settled profile needs on a machine with a card, whether it fits or not."""
    t = model.transformer
    kept, streamed, slabs = _resident_and_streamed(tuple(block_bytes(t, profile.weights, profile.adaln_table)), profile.resident)
    resident_bytes = kept + bytes_of(t.outside, "bf16") + (0 if profile.adaln_table else bytes_of(t.out_adaln, "bf16"))
    table = 2 * model.steps * t.adaln.parameters // t.width if profile.adaln_table else 0
    standing = CUDA_CONTEXT + resident_bytes + slabs + table + model.memory_bytes + model.lora_bytes
    widened = round(2 * (1 + t.mlp) * t.width**2) if profile.weights == "int8" else 0
    # Of the film's stream: what the first block did and gave, and what the others did. Nothing of it outlives a section.
    cached = 3 * 2 * t.width * model.tokens(size) if profile.cache == "first-block" else 0
    text_vram, text_ram = text_encoding_peaks(model, profile)
    pinned = streamed if profile.stream == "ram" else STREAM_BUFFERS * slabs
    film_ram = PROCESS_RAM + bytes_of(model.small_encoders, "bf16") + pinned + model.frames * 3 * size[0] * size[1] * 5
    step, section = _seconds(machine, model, size, profile, streamed)
    return Plan(
        machine, model, size, requested_size or size, profile,
        gpu_budget(profile, machine.gpu.free if machine.gpu else 0, margin(machine)),
        resident_bytes, streamed if profile.stream == "ram" else 0, streamed if profile.stream == "disk" else 0,
        text_peak=text_vram,
        denoise_peak=standing + model.block_peak(size) + widened + cached,
        decode_peak=standing + bytes_of(model.vae, "bf16") + model.frames_bytes(size)
        + tile_peak(min(profile.vae_tile, max(size)), model.vae_width),
        ram=max(text_ram, film_ram), pinned=pinned, step_seconds=step, section_seconds=section,
    )


def text_encoding_peaks(model: ModelSizes, profile: Profile) -> tuple[int, int]:
    """(graphics memory, memory) while the prompt and the picture are encoded, before the transformer is there."""
    encoder = bytes_of(model.text_encoder, profile.text_weights)
    ram = PROCESS_RAM + bytes_of(model.small_encoders, "bf16")
    if profile.text_encoder == "cpu":
        return 0, ram + encoder
    return CUDA_CONTEXT + (encoder if profile.text_encoder == "gpu" else encoder // 16), ram + LOADING_RAM


@lru_cache(maxsize=2048)
def _resident_and_streamed(sizes: tuple[int, ...], resident: int) -> tuple[int, int, int]:
    """(bytes of resident blocks, of streamed blocks, of the slabs they pass through), of blocks of these sizes."""
    stay = resident_blocks(len(sizes), resident)
    kept = sum(size for index, size in enumerate(sizes) if index in stay)
    streamed = [size for index, size in enumerate(sizes) if index not in stay]
    return kept, sum(streamed), min(STREAM_BUFFERS, len(streamed)) * max(streamed, default=0)


def _seconds(machine: Machine, model: ModelSizes, size: Size, profile: Profile, streamed: int) -> tuple[float, float]:
    """Estimates of a step and a section on a card: copies run beside the computing, so the longer of the two counts.

    What a step cache saves depends on the film and was not measured: it is not in them.
    """
    flops = model.step_flops(size)
    if profile.weights == "int8":
        t = model.transformer
        flops += INT8_BYTES_PER_WEIGHT / BYTES_PER_FLOP * (t.double.matrix * t.doubles + t.single.matrix * t.singles)
    copying = streamed / (DISK_RATE if profile.stream == "disk" else machine.pcie or PCIE_RATE)
    rate = machine.tflops * 1e12
    step = max(flops / rate, copying) + UNHIDDEN_COPY_SHARE * copying
    return step, model.steps * step + model.decode_flops(size, profile.vae_tile) / rate


def plan_whole(machine: Machine, model: ModelSizes, size: Size, profile: Profile) -> Plan:
    """Everything where it is computed: the embedded model anywhere, a large one on a processor if somebody insists."""
    weights = sum(bytes_of(part, profile.weights) for part in (
        model.transformer.total, model.text_encoder, model.small_encoders, model.vae)) + model.memory_bytes + model.lora_bytes
    need = weights + 2 * model.block_peak(size) + 4 * model.frames_bytes(size)
    card = machine.gpu if profile.device == "cuda" or not model.large else None
    budget = max(0, card.free - margin(machine)) if card else 0
    on_gpu = card is not None and CUDA_CONTEXT + need <= budget
    rate = 1e12 * (machine.tflops * SMALL_MODEL_SPEED if on_gpu else replace(machine, gpu=None).tflops)
    step = model.step_flops(size) / rate
    settled = replace(profile, device="cuda" if on_gpu else "cpu", resident=model.transformer.blocks)
    process = PROCESS_RAM if on_gpu or model.large else SMALL_PROCESS_RAM
    peak = CUDA_CONTEXT + need if on_gpu else 0
    return Plan(
        machine, model, size, size, settled, budget, bytes_of(model.transformer.total, profile.weights) if on_gpu else 0, 0, 0,
        text_peak=peak, denoise_peak=peak, decode_peak=peak, ram=process + (weights if on_gpu else need), pinned=0,
        step_seconds=step, section_seconds=DECODING_FACTOR * model.steps * step,
    )
