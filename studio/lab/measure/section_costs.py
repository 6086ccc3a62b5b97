"""Measures the seconds per section of a model, part by part, and compares them with what the machine can do."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from studio.backbones.film_model import FilmModel
from studio.diffusion import flow
from studio.diffusion.section import Sampling, SectionResult, denoise_section
from studio.engine.heap import give_back
from studio.engine.render import pixels
from studio.media.clip import write_clip
from studio.memory.framepack import pack_context
from studio.memory.snapshot import Snapshot


def time_call(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Returns the seconds that `work(*arguments)` took, and its result."""
    clock = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - clock, result


def median_around(values: list[float], at: int) -> float:
    """Returns the median of five values around `at`, which smooths the noise of a busy machine."""
    return statistics.median(values[max(0, at - 2) : at + 3])


def matrix_peak(n: int = 1536, repeats: int = 5) -> float:
    """Returns the FLOP/s of a plain float32 matrix product of n x n, the best of `repeats`."""
    a, b = torch.randn(n, n), torch.randn(n, n)
    return max(2 * n**3 / time_call(torch.matmul, a, b)[0] for _ in range(repeats))


def picture(model: FilmModel) -> torch.Tensor:
    """Returns a smooth colourful test picture of the model's first size, [1, 3, H, W] in [-1, 1]."""
    width, height = model.card.sizes[0]
    small = np.random.default_rng(0).integers(0, 255, (6, 10, 3), dtype=np.uint8)
    array = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
    return torch.from_numpy(array).movedim(2, 0).unsqueeze(0) / 127.5 - 1


def render_sections(model: FilmModel, count: int, folder: Path) -> list[dict[str, float]]:
    """Renders `count` sections one after the other, as a take does.

    Returns for each section the seconds of its parts, and the MiB of resident memory after it.
    """
    image = picture(model)
    sampling = Sampling(model.card.steps, model.card.guidance, model.card.window, model.card.shift)
    conditioning_seconds, conditioning = time_call(model.conditioner, "the camera pans slowly to the left", image)
    snapshot = Snapshot.initial(model.codec.encode(image), model.fingerprint)
    stream = model.codec.stream(snapshot.recent, 0)
    shape = (1, model.channels, model.card.window, *snapshot.start.shape[-2:])
    rows = []
    for index in range(count):
        noise = flow.noise(shape, flow.section_seed(1, index))
        steps = denoise_section(
            model.backbone, snapshot, conditioning, noise, sampling, memory=model.memory, rope=model.rope
        )
        denoising, progress = time_call(list, steps)
        done = progress[-1]
        assert isinstance(done, SectionResult)
        decoding, frames = time_call(lambda latents: pixels(stream.push(latents)), done.latents)
        encoding, _ = time_call(write_clip, folder / "section.mp4", frames, model.card.fps)
        snapshot = done.snapshot
        saving, _ = time_call(snapshot.write, folder / "section.safetensors")
        freeing, _ = time_call(give_back)
        rows.append({
            "conditioning": conditioning_seconds if index == 0 else 0.0, "denoising": denoising, "decoding": decoding,
            "encoding": encoding, "snapshot": saving, "freeing": freeing, "resident_mib": resident_mib(),
        })
    return rows


def resident_mib() -> float:
    """Returns the MiB of memory that this process has resident now."""
    return float(psutil.Process().memory_info().rss) / 2**20


def denoising_flop(model: FilmModel) -> int:
    """Returns the floating-point operations of denoising one section, counted by torch."""
    image = picture(model)
    with torch.no_grad():
        conditioning = model.conditioner("pan left", image)
        snapshot = Snapshot.initial(model.codec.encode(image))
        packed = pack_context(snapshot.start, snapshot.recent, model.card.window)
        noise = flow.noise((1, model.channels, model.card.window, *snapshot.start.shape[-2:]), 0)
        guidance = torch.full((1,), model.card.guidance * 1000.0)
        with FlopCounterMode(display=False) as counter:
            model.backbone(noise, torch.tensor([900.0]), packed, conditioning, guidance)
    return counter.get_total_flops() * model.card.steps


def measure(model: FilmModel, count: int = 40) -> dict[str, Any]:
    """Returns all figures of a model: parts, share of a matrix product's speed, and the last section over the fourth.

    Args:
        model: to measure.
        count: of sections, at least 4.
    """
    with tempfile.TemporaryDirectory() as folder:
        render_sections(model, 2, Path(folder))  # warm
        peak_before = matrix_peak()
        rows = render_sections(model, count, Path(folder))
        peak = max(peak_before, matrix_peak())
    flop = denoising_flop(model)
    middle = {part: statistics.median(row[part] for row in rows[1:]) for part in rows[0] if part != "conditioning"}
    parts = {part: seconds for part, seconds in middle.items() if part != "resident_mib"}
    total = [sum(v for k, v in row.items() if k != "resident_mib") for row in rows]
    return {
        "model": model.card.name,
        "size": list(model.card.sizes[0]),
        "steps": model.card.steps,
        "threads": torch.get_num_threads(),
        "seconds_per_section": statistics.median(total[1:]),
        "parts": {"conditioning (once a take)": rows[0]["conditioning"], **parts},
        "denoising_gflop": flop / 1e9,
        "denoising_gflop_per_second": flop / middle["denoising"] / 1e9,
        "matrix_product_gflop_per_second": peak / 1e9,
        "share_of_matrix_product": flop / middle["denoising"] / peak,
        "flat": {
            "sections": count,
            "time_last_over_fourth": median_around(total, count - 1) / median_around(total, 3),
            "memory_last_over_fourth": rows[-1]["resident_mib"] / rows[3]["resident_mib"],
        },
    }
