"""Choosing a plan: never above the budget, never slower with more memory, and a message with a remedy if nothing fits."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.backbones.framepack.sizes import published_sizes
from studio.backbones.helios.sizes import published_sizes as published_helios
from studio.backbones.registry import sizes_of
from studio.catalogue.cards import read_card
from studio.placement.choose import PlanError, Stage, alternative_sizes, choose_plan, smaller_sizes, step_down
from studio.placement.description import describe
from studio.placement.machine import GB, Machine, imagine_machine
from studio.placement.plan import Plan, ram_budget, text_encoding_peaks
from studio.placement.profile import ALL, PROFILES, find_profiles, read_profile
from studio.placement.sizes import Size, bytes_of
from studio.placement.totals import disk_totals

F1 = published_sizes()
MINI = sizes_of(read_card(Path(__file__).parents[2] / "models" / "memorypack-mini"))
SHIPPED = find_profiles()
SQUARE = (640, 640)
SYSTEMS = ("Linux", "Windows")
CARDS = (6, 8, 10, 12, 16, 24)
FILMS = ((640, 640), (832, 480), (480, 832), (960, 544), (1280, 720), (320, 320))


def plan_or_none(machine: Machine, size: Size = SQUARE) -> Plan | None:
    try:
        return choose_plan(machine, F1, size, profiles=SHIPPED)
    except PlanError:
        return None


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("vram", CARDS)
def test_every_usual_card_has_a_plan(vram: int, system: str) -> None:
    plan = choose_plan(imagine_machine(vram, 32, system), F1, SQUARE)
    assert plan.fits and not plan.needs_smaller_film
    assert plan.profile.card == max(profile.card for profile in SHIPPED if profile.card <= vram)


def test_a_plan_tells_disk_and_memory_of_the_whole_model() -> None:
    helios = published_helios()
    for model, fetched, text in ((F1, 42, 16.1), (helios, 40, 11.4)):
        plan = choose_plan(imagine_machine(8, 32, "Linux"), model, model.sizes[0])
        totals = disk_totals(model, plan.profile)
        assert round(totals.fetched / 1e9) == fetched and totals.encoders / 1e9 == pytest.approx(text, abs=0.05)
        assert totals.prepared == bytes_of(model.transformer.total, "int8") + bytes_of(model.text_encoder, "int8")
        assert any(f": {fetched} GB fetched" in said for said in describe(plan)), list(describe(plan))
        assert plan.ram == max(plan.film_ram, text_encoding_peaks(model, plan.profile)[1]) >= plan.film_ram > 0


def test_the_plans_are_the_recipes() -> None:
    def of(vram: int) -> Plan:
        return choose_plan(imagine_machine(vram, 32, "Linux"), F1, SQUARE)

    assert (of(6).profile.weights, of(6).profile.vae_tile, of(6).profile.text_encoder) == ("int8", 192, "cpu")
    assert of(12).profile.resident > of(8).profile.resident > 0
    for vram, weights, peak, decoding in ((16, "int8", 12.1, 12.6), (24, "bf16", 20.5, 21.0)):
        plan = of(vram)
        assert (plan.profile.weights, plan.profile.resident, plan.ram_stream_bytes) == (weights, 60, 0)
        # The recipes leave out a section's decoded frames, and have fewer text tokens.
        assert plan.denoise_peak / GB == pytest.approx(peak, abs=0.4) and plan.decode_peak / GB == pytest.approx(decoding, abs=0.5)
    streamed = replace(read_profile(PROFILES / "card-6gb.toml"), resident=0)
    assert choose_plan(imagine_machine(6, 32), F1, SQUARE, override=streamed).denoise_peak / GB == pytest.approx(3.8, abs=0.1)


@settings(max_examples=100, deadline=None)
@given(
    vram=st.floats(1, 96), more=st.floats(0, 48), ram=st.floats(4, 128),
    system=st.sampled_from(SYSTEMS), size=st.sampled_from(FILMS),
)
def test_more_graphics_memory_is_never_slower(vram: float, more: float, ram: float, system: str, size: Size) -> None:
    small, large = (plan_or_none(imagine_machine(amount, ram, system), size) for amount in (vram, vram + more))
    if small:
        assert large, "and never impossible"
        assert large.section_seconds <= small.section_seconds


@settings(max_examples=100, deadline=None)
@given(vram=st.floats(1, 96), ram=st.floats(4, 128), system=st.sampled_from(SYSTEMS), size=st.sampled_from(FILMS))
def test_a_plan_keeps_to_its_budgets(vram: float, ram: float, system: str, size: Size) -> None:
    machine = imagine_machine(vram, ram, system)
    plan: Plan | None = plan_or_none(machine, size)
    while plan:
        assert plan.ram <= ram_budget(machine) and plan.pinned <= machine.pinnable
        assert machine.gpu and plan.peak <= plan.budget < machine.gpu.free
        plan = step_down(plan)


def test_memory_too_small_for_streaming_is_helped_by_the_disk() -> None:
    plan = choose_plan(imagine_machine(6, 8, "Linux"), F1, SQUARE)
    assert plan.disk_stream_bytes and not plan.ram_stream_bytes and plan.profile.text_encoder == "streamed"
    assert plan.pinned == 0, "blocks on disk are mapped, not pinned"
    assert plan.section_seconds > choose_plan(imagine_machine(6, 32, "Linux"), F1, SQUARE).section_seconds
    with pytest.raises(PlanError, match=r"of memory and may use .* short.*add memory"):
        choose_plan(imagine_machine(6, 4, "Linux"), F1, SQUARE)
    with pytest.raises(PlanError, match=r"does not fit: it needs .* short\. Also, it needs .* of memory"):
        choose_plan(imagine_machine(4, 3, "Linux"), F1, SQUARE)


def test_windows_pins_half_of_the_memory() -> None:
    exact = replace(read_profile(PROFILES / "card-24gb.toml"), resident=0, text_encoder="cpu")
    assert choose_plan(imagine_machine(24, 32, "Linux"), F1, SQUARE, override=exact).pinned > 16 * GB
    with pytest.raises(PlanError, match=r"Windows lets 16.0 GB of memory be pinned and 16.9 GB are needed.*use int8 weights"):
        choose_plan(imagine_machine(24, 32, "Windows"), F1, SQUARE, override=exact)


def test_four_gigabytes_fail_with_a_remedy() -> None:
    with pytest.raises(PlanError) as error:
        choose_plan(imagine_machine(4, 32, "Linux"), F1, SQUARE)
    message = str(error.value)
    assert re.search(r"needs \d\.\d GB of graphics memory and may use \d\.\d GB .* \d\.\d GB short", message)
    suggestion = re.search(r"choose (\d+) x (\d+) or smaller", message)
    assert suggestion and "close other programs" in message
    size = int(suggestion[1]), int(suggestion[2])
    assert choose_plan(imagine_machine(4, 32, "Linux"), F1, size).fits
    larger = next(candidate for candidate in [SQUARE, *smaller_sizes(SQUARE)] if candidate[0] == size[0] + 32)
    assert plan_or_none(imagine_machine(4, 32, "Linux"), larger) is None


def test_where_no_size_fits_another_card_is_the_remedy() -> None:
    with pytest.raises(PlanError, match="use a card with more memory") as error:
        choose_plan(imagine_machine(1, 32, "Linux"), F1, SQUARE)
    assert "choose" not in str(error.value)


def test_an_override_is_taken_as_it_is() -> None:
    own = replace(read_profile(PROFILES / "card-6gb.toml"), vae_tile=128, resident=5, stream="disk", cache="first-block")
    plan = choose_plan(imagine_machine(24, 64), F1, SQUARE, override=own)
    assert plan.profile == own and plan.disk_stream_bytes and not plan.ram_stream_bytes
    plain = choose_plan(imagine_machine(24, 64), F1, SQUARE, override=replace(own, cache="none"))
    assert plan.denoise_peak > plain.denoise_peak and plan.decode_peak == plain.decode_peak
    assert plan.section_seconds == plain.section_seconds, "what it saves was not measured"
    bare = choose_plan(imagine_machine(24, 64), F1, SQUARE, override=replace(own, adaln_table=False))
    assert bare.disk_stream_bytes > plain.disk_stream_bytes
    with pytest.raises(PlanError, match="let the studio choose the profile"):
        choose_plan(imagine_machine(6, 32), F1, SQUARE, override=replace(own, resident=ALL))
    with pytest.raises(PlanError, match=r"may use 3\.0 GB"):
        choose_plan(imagine_machine(24, 64), F1, SQUARE, override=replace(own, vram_budget=3.0))


@pytest.mark.parametrize("size", [(0, 640), (640, 600), (641, 640)])
def test_a_size_that_no_latent_has(size: Size) -> None:
    with pytest.raises(PlanError, match="multiples of 16"):
        choose_plan(imagine_machine(24, 64), F1, size)


def test_without_a_card_it_is_not_sensible() -> None:
    with pytest.raises(PlanError, match=r"not sensible here: no CUDA graphics card.*hours.*embedded model"):
        choose_plan(imagine_machine(0, 64), F1, SQUARE)
    with pytest.raises(PlanError, match="Apple"):
        choose_plan(replace(imagine_machine(0, 64, "Darwin"), metal=True), F1, SQUARE)
    insisted = choose_plan(imagine_machine(0, 128), F1, SQUARE, override=read_profile(PROFILES / "cpu.toml"))
    assert insisted.ram > 60 * GB and not insisted.peak and insisted.section_seconds > 36000
    with pytest.raises(PlanError, match="of memory and may use"):
        choose_plan(imagine_machine(0, 64), F1, SQUARE, override=read_profile(PROFILES / "cpu.toml"))


def test_the_embedded_model_runs_anywhere() -> None:
    on_processor = choose_plan(imagine_machine(0, 8, "Linux"), MINI, (320, 192))
    assert on_processor.profile.device == "cpu" and on_processor.ram < 3 * GB and not on_processor.peak
    on_card = choose_plan(imagine_machine(4, 8, "Linux"), MINI, (320, 192))
    assert on_card.profile.device == "cuda" and on_card.peak <= on_card.budget
    assert choose_plan(imagine_machine(1, 8, "Windows"), MINI, (320, 192)).profile.device == "cpu", "a full card is left alone"
    assert step_down(on_processor) is None
    with pytest.raises(PlanError, match="of memory"):
        choose_plan(imagine_machine(0, 2, "Linux"), MINI, (320, 192))


def ladder(plan: Plan | None, doing: Stage | None = None) -> list[Plan]:
    steps = []
    while plan:
        steps.append(plan)
        plan = step_down(plan, doing)
    return steps


def test_stepping_down_goes_tiles_blocks_int8_size() -> None:
    steps = ladder(choose_plan(imagine_machine(24, 64, "Linux"), F1, SQUARE))
    tiles = [step.profile.vae_tile for step in steps]
    residents = [step.profile.resident for step in steps]
    weights = [step.profile.weights for step in steps]
    assert tiles[:3] == [256, 192, 128] and set(tiles[2:]) == {128}
    assert residents[:3] == [60, 60, 60] and residents == sorted(residents, reverse=True) and residents[-1] == 0
    assert weights.index("int8") > residents.index(0)
    assert [step.needs_smaller_film for step in steps] == sorted(step.needs_smaller_film for step in steps)
    first = next(step for step in steps if step.needs_smaller_film)
    assert first.size == (608, 608) and first.requested_size == SQUARE and first.profile.weights == "int8"
    assert steps[-1].size == (256, 256)
    peaks = [step.peak for step in steps]
    assert peaks == sorted(peaks, reverse=True) and peaks[-1] < 4 * GB < peaks[0]


def test_tiles_do_not_help_denoising() -> None:
    steps = ladder(choose_plan(imagine_machine(16, 64, "Linux"), F1, SQUARE), "denoising")
    assert {step.profile.vae_tile for step in steps} == {256} and steps[1].profile.resident < 60


def test_blocks_that_leave_the_card_go_to_disk_where_memory_is_short() -> None:
    steps = ladder(choose_plan(imagine_machine(24, 8, "Linux"), F1, SQUARE))
    assert any(step.disk_stream_bytes for step in steps) and all(step.fits for step in steps)


@pytest.mark.parametrize("size", FILMS)
def test_smaller_sizes_keep_the_shape(size: Size) -> None:
    for width, height in smaller_sizes(size):
        assert width % 32 == height % 32 == 0 and min(width, height) >= 256 and width * height < size[0] * size[1]
        assert width / height == pytest.approx(size[0] / size[1], rel=0.07)


def test_the_models_own_sizes_are_offered_first() -> None:
    sizes = ((832, 480), (480, 832), (704, 544), (640, 608), (608, 640))
    model = replace(F1, sizes=sizes)
    wide = list(alternative_sizes(model, (832, 480)))
    assert wide[:2] == [(640, 608), (704, 544)], "those that lie as it does, the largest first"
    areas = [width * height for width, height in wide]
    assert areas == sorted(areas, reverse=True) and set(wide[2:]) <= set(smaller_sizes((832, 480)))
    assert next(alternative_sizes(model, (480, 832))) == (608, 640)
    assert list(alternative_sizes(model, SQUARE)) == list(smaller_sizes(SQUARE)), "none of its sizes is square"
    with pytest.raises(PlanError, match=r"choose \d+ x \d+ or smaller"):
        choose_plan(imagine_machine(4, 32, "Linux"), model, (832, 480))


PANORAMA = sizes_of(read_card(Path(__file__).parents[2] / "models" / "panorama-mini"))


def test_what_computes_on_the_processor_alone_is_not_planned_for_a_card() -> None:
    plan = choose_plan(imagine_machine(24, 32, "Linux"), PANORAMA, PANORAMA.sizes[0])
    assert (plan.profile.device, plan.peak, plan.resident_bytes) == ("cpu", 0, 0) and plan.fits
    assert "It runs, on the processor, as a whole." in describe(plan)


@pytest.mark.parametrize(("size", "frames"), [((320, 192), 36), ((640, 384), 72), ((1280, 768), 72)])
def test_frames_of_a_section_are_those_of_the_films_size(size: Size, frames: int) -> None:
    plan = choose_plan(imagine_machine(0, 32, "Linux"), MINI, size)
    assert any(f"for a section of {frames} frames" in sentence for sentence in describe(plan))
    assert MINI.frames_bytes(size) == frames * 3 * size[0] * size[1] * 8
