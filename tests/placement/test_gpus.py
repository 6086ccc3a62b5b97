"""The table of known graphics cards: its figures agree with each other, and names are found however they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.placement import gpus
from studio.placement.gpus import GpuTableError, KnownGpu, choose, find, known_gpus, read_table

WITHOUT_TENSOR_CORES = "GTX"
FULL_RATE = ("RTX A", "RTX 6000", "RTX PRO", "T4", "A10", "A40", "L4")
"""Cards whose tensor cores sum in float32 as fast as in float16; GeForce cards, the A10G and the L40 do it at half the rate."""


def operations(gpu: KnownGpu) -> int:
    """Operations of a multiprocessor in a cycle, by the white papers."""
    if gpu.name.startswith("H"):
        return 4096
    if gpu.name == "A100":
        return 2048
    return 1024 if gpu.name.startswith(FULL_RATE) and gpu.name not in ("A10G", "L40") else 512


@pytest.mark.parametrize("gpu", read_table(), ids=lambda gpu: gpu.name)
def test_published_throughput_is_what_cores_and_clock_give(gpu: KnownGpu) -> None:
    if gpu.name.startswith(WITHOUT_TENSOR_CORES):
        assert gpu.tflops == pytest.approx(2 * gpu.float32_tflops, rel=0.02)
        return
    cores = 64 if gpu.capability < (8, 0) or gpu.name == "A100" else 128
    calculated = gpu.cores / cores * operations(gpu) * gpu.mhz / 1e6
    halved = operations(gpu) == 512 and gpu.name not in ("A10G", "L40")
    assert gpu.tflops == pytest.approx(calculated, rel=0.02)
    assert gpu.int8 == pytest.approx(calculated * (4 if halved else 2), rel=0.02)


def test_the_table_holds_the_common_cards() -> None:
    names = {gpu.name for gpu in read_table()}
    assert {"GTX 1660 Ti", "RTX 2060", "RTX 3060", "RTX 4070", "RTX 5090"} <= names
    assert {"T4", "L4", "L40S", "A10", "A100", "H100", "H200"} <= names
    assert len(known_gpus()) == len(names) >= 30, "no two names are the same when they are compared"
    assert all(gpu.source.startswith(("published", "calculated")) for gpu in read_table())


WRITTEN = {
    "RTX 4070": ("4070", "rtx4070", "NVIDIA GeForce RTX 4070", "RTX 4070 12GB"),
    "RTX 4070 SUPER": ("rtx4070 super", "RTX 4070S"),
    "RTX 4070 Ti": ("geforce rtx 4070ti",),
    "RTX 4070 Ti SUPER": ("4070TiS", "4070 ti super"),
    "RTX 4070 Laptop": ("NVIDIA GeForce RTX 4070 Laptop GPU", "laptop 4070", "4070 mobile"),
    "RTX 5060 Ti": ("  RTX  5060-Ti ",),
    "GTX 1660 SUPER": ("NVIDIA GeForce GTX 1660 SUPER",),
    "T4": ("Tesla T4",),
    "A10": ("NVIDIA A10",),
    "A10G": ("NVIDIA A10G",),
    "A100": ("NVIDIA A100-SXM4-80GB", "NVIDIA A100 80GB PCIe", "NVIDIA A100-PCIE-40GB"),
    "H100": ("NVIDIA H100 80GB HBM3",),
    "H100 PCIe": ("NVIDIA H100 PCIe",),
    "H200": ("NVIDIA H200",),
    "L40S": ("nvidia l40s",),
    "RTX A6000": ("NVIDIA RTX A6000",),
    "RTX 6000 Ada": ("NVIDIA RTX 6000 Ada Generation",),
    "RTX PRO 6000 Blackwell": ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition",),
}


@pytest.mark.parametrize(("written", "name"), [(text, name) for name, texts in WRITTEN.items() for text in texts])
def test_names_are_found_however_they_are_written(written: str, name: str) -> None:
    found = find(written)
    assert found is not None and found.name == name


@pytest.mark.parametrize("written", [
    "", "RTX", "GPU", "RTX 4075", "RTX 4090 D", "NVIDIA GeForce RTX 2070 with Max-Q Design", "Radeon RX 7900 XTX"])
def test_other_cards_are_not_taken_for_known_ones(written: str) -> None:
    assert find(written) is None


@pytest.mark.parametrize(("written", "expected"), [
    ("4075", "Near are: RTX 4070"), ("RTX 5070 Super", "RTX 5070"), ("banana", "It has 6"), ("", "It has 6"),
    ("RTX 4060 Ti 12GB", "the RTX 4060 Ti comes with 8 or 16 GB, not with 12. For another one, say --vram 12."),
])
def test_a_name_that_is_not_there_gets_those_that_are_near(written: str, expected: str) -> None:
    with pytest.raises(GpuTableError) as error:
        choose(written)
    assert expected in str(error.value) and "--vram" in str(error.value)


def test_a_variant_is_chosen_by_its_memory() -> None:
    smallest, larger = choose("RTX 4060 Ti"), choose("4060ti 16 GB")
    assert (smallest.memory, smallest.other_sizes, larger.memory, larger.other_sizes) == (8, (16,), 16, (8,))
    assert choose("L4").gpu.usable(24) == 22.5, "error correction takes a sixteenth"
    assert choose("4090").gpu.usable(24) == 24


def test_without_bfloat16_units_products_run_in_float32() -> None:
    old, new = choose("RTX 2060").gpu, choose("RTX 3060").gpu
    assert old.published_tflops == pytest.approx(6.45, abs=0.01) and new.published_tflops == 25.5
    assert new.reached_tflops == pytest.approx(gpus.ACHIEVED * 25.5)


@pytest.mark.parametrize(("text", "expected"), [
    ("series = 3", "not a table of graphics cards"), ("[[series]]\ncards = [{ name = 'X' }]", "not a table of graphics cards"),
    ("not toml", "not valid TOML"),
])
def test_a_damaged_table_is_told(text: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "gpus.toml").write_text(text)
    with pytest.raises(GpuTableError, match=expected):
        read_table(tmp_path / "gpus.toml")


def test_a_wrong_figure_is_told_with_the_card(tmp_path: Path) -> None:
    text = gpus.TABLE.read_text("utf-8").replace("gb_s = 504, tflops = 58.3", "gb_s = -1, tflops = 58.3")
    (tmp_path / "gpus.toml").write_text(text)
    with pytest.raises(GpuTableError, match="RTX 4070: 'gb_s' must be a number above 0"):
        read_table(tmp_path / "gpus.toml")
