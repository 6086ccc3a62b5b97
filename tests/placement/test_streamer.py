"""Streamed blocks: the same output as with resident blocks, in little memory, also after errors and stops."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.backbones.framepack.backbone import FramePackBackbone
from studio.diffusion import flow
from studio.diffusion.backbone import Conditioning
from studio.diffusion.section import Sampling, SectionResult, StoppedError, denoise_section
from studio.memory.snapshot import Snapshot
from studio.placement.device.copies import HostCopies, Ticket, copy_engine
from studio.placement.device.int8 import quantize
from studio.placement.device.streamer import MAX_BLOCKS_AHEAD, Streamer, blocks_of, device_footprint, stream_with_diffusers
from studio.placement.sizes import resident_blocks
from tests.placement.conftest import network, randn, run
from tests.placement.late_copies import LateCopies, Transformer, streamed


@pytest.mark.parametrize(("resident", "buffers"), [(0, 2), (0, 3), (1, 2), (2, 3), (4, 2), (5, 2), (9, 2), (0, 9)])
def test_streamed_is_resident_bit_for_bit_in_bounded_memory(model: Transformer, resident: int, buffers: int) -> None:
    twin = [run(model), run(model, timestep=torch.tensor([7.0]))]
    bound = device_footprint(blocks_of(model), resident, buffers)
    streamer, engine = streamed(model, resident, buffers)
    for _ in range(2):
        assert torch.equal(run(model), twin[0])
        assert torch.equal(run(model, timestep=torch.tensor([7.0])), twin[1])
    assert engine.device_bytes == streamer.device_bytes == bound
    sizes = [sum(-(-p.numel() * p.element_size() // 256) * 256 for p in block.parameters()) for block in blocks_of(model)]
    stay = resident_blocks(5, resident)
    rest = [size for index, size in enumerate(sizes) if index not in stay]
    assert bound == sum(sizes[index] for index in stay) + min(buffers, len(rest)) * max(rest, default=0)
    assert engine.host_bytes == streamer.host_bytes == sum(rest)


def test_int8_blocks_stream_too(model: Transformer) -> None:
    quantize(model)
    twin = run(model)
    _, engine = streamed(model, resident=1)
    assert torch.equal(run(model), twin)
    assert engine.device_bytes < 0.7 * device_footprint(blocks_of(network()), 1, 2)      # the rest is AdaLN and small tensors


def test_the_next_block_is_on_its_way_before_this_one_computes(model: Transformer) -> None:
    _, engine = streamed(model)
    run(model)
    first = ["copy 0", "copy 1", "compute 0", "copy 2", "compute 1", "copy 3", "compute 2", "copy 4", "compute 3", "copy 0",
             "compute 4"]
    assert engine.log == first
    engine.log.clear()
    run(model)      # its first block is there already
    assert engine.log == ["copy 1", "compute 0", *first[3:]]
    assert len(engine.settled) == 10 - MAX_BLOCKS_AHEAD and engine.settled == sorted(engine.settled)


def test_three_slabs_look_two_blocks_ahead_and_residents_are_never_copied(model: Transformer) -> None:
    _, engine = streamed(model, resident=1, buffers=3)
    assert resident_blocks(5, 1) == {2}
    run(model)
    assert engine.log == ["copy 0", "copy 1", "copy 3", "compute 0", "copy 4", "compute 1", "compute 2", "copy 0", "compute 3",
                          "copy 1", "compute 4"]


def test_residents_are_resident_blocks() -> None:
    assert resident_blocks(60, 0) == frozenset()
    assert resident_blocks(60, 99) == frozenset(range(60))
    assert resident_blocks(6, 3) == {1, 3, 5}
    for resident in range(61):
        assert len(resident_blocks(60, resident)) == resident and resident_blocks(60, resident) <= set(range(60))


@pytest.mark.parametrize(("resident", "blocks"), [(0, [0, 1, 2, 3, 4]), (2, [0, 2, 4]), (3, []), (5, [])])
def test_all_blocks_can_be_copied_while_nothing_computes(model: Transformer, resident: int, blocks: list[int]) -> None:
    twin = run(model)
    streamer, engine = streamed(model, resident)
    for _ in range(3):
        assert torch.equal(run(model), twin), "a forward finds what it needs"
        engine.log.clear()
        assert streamer.copy_all() == (engine.host_bytes if blocks else 0)
        assert sorted(engine.log) == [f"copy {index}" for index in blocks], "each once"


def test_between_forwards_the_weights_are_on_the_host_and_whole(model: Transformer) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    _, engine = streamed(model)
    run(model)
    buffers = {buffer.data_ptr() for buffer in engine.buffers}
    after = model.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not buffers & {value.untyped_storage().data_ptr() for value in after.values()}


def test_detached_the_module_is_as_before(model: Transformer) -> None:
    twin, parameters = run(model), dict(model.named_parameters())
    values = {name: p.clone() for name, p in parameters.items()}
    streamer, engine = streamed(model, resident=2)
    run(model)
    buffers = [buffer.untyped_storage().data_ptr() for buffer in engine.buffers]
    streamer.detach()
    streamer.detach()
    assert not streamer.is_attached and engine.released == 2
    for name, parameter in model.named_parameters():
        assert parameter is parameters[name] and torch.equal(parameter, values[name])
        assert parameter.untyped_storage().data_ptr() not in buffers
        assert parameter.untyped_storage().nbytes() == parameter.numel() * parameter.element_size()
    for block in blocks_of(model):
        assert len(block._forward_hooks) == 0 and len(block._forward_pre_hooks) == 1      # the test's own
        block._forward_pre_hooks.clear()
    assert torch.equal(run(model), twin)


@pytest.fixture()
def pieces() -> tuple[Snapshot, Conditioning, Tensor, Sampling]:
    words = Conditioning(randn(1, 12, 16), torch.ones(1, 12), randn(1, 8), randn(1, 25, 32))
    return Snapshot.initial(randn(1, 4, 1, 4, 4)), words, flow.noise((1, 4, 3, 4, 4), 1), Sampling(steps=2, guidance=4.5, window=3)


def test_a_section_stops_between_blocks_and_goes_well_the_next_time(
    model: Transformer, pieces: tuple[Snapshot, Conditioning, Tensor, Sampling]
) -> None:
    backbone = FramePackBackbone(model)

    def film() -> Tensor:
        *_, last = denoise_section(backbone, *pieces)
        assert isinstance(last, SectionResult)
        return last.latents

    twin = film()
    streamer, engine = streamed(model)
    asked: Iterator[bool] = iter([False] * 8 + [True] * 99)      # in the second step, before its fourth block
    streamer.should_stop = lambda: next(asked)
    with pytest.raises(StoppedError):
        film()
    assert [line for line in engine.log if line.startswith("compute")][-1] == "compute 2"
    streamer.should_stop = lambda: False
    assert torch.equal(film(), twin)


@pytest.mark.parametrize("where", [0, 1, 3])
def test_a_block_that_fails_leaves_everything_usable(model: Transformer, where: int) -> None:
    twin = run(model)
    streamer, engine = streamed(model)

    def fail(*_: Any) -> None:
        raise MemoryError("too large")

    hook = blocks_of(model)[where].attn.register_forward_pre_hook(fail)
    with pytest.raises(MemoryError):
        run(model)
    hook.remove()
    buffers = {buffer.untyped_storage().data_ptr() for buffer in engine.buffers}
    assert not buffers & {p.untyped_storage().data_ptr() for p in model.parameters()}
    assert torch.equal(run(model), twin)
    streamer.detach()


def test_a_copy_that_fails_is_not_taken_for_a_block(model: Transformer) -> None:
    twin = run(model)
    _, engine = streamed(model)
    copy, left = engine.copy, [3]

    def fails(target: Tensor, source: Tensor, after: Ticket | None) -> Ticket:
        left[0] -= 1
        target.fill_(7)
        if not left[0]:
            raise RuntimeError("the bus is gone")
        return copy(target, source, after)

    engine.copy = fails  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="the bus is gone"):
        run(model)
    assert torch.equal(run(model), twin)


def test_an_attach_that_finds_no_memory_changes_nothing(model: Transformer) -> None:
    twin, pointers = run(model), [p.data_ptr() for p in model.single_transformer_blocks[2].parameters()]
    engine = LateCopies()

    def small(size: int) -> Tensor:
        if engine.host_bytes + size > 4 * 20000:
            raise MemoryError("host")
        return LateCopies.host_buffer(engine, size)

    engine.host_buffer = small  # type: ignore[method-assign]
    streamer = Streamer(blocks_of(model), engine)
    with pytest.raises(MemoryError, match="host"):
        streamer.attach()
    assert engine.host_bytes > 0 and engine.released == 1 and not streamer.is_attached
    assert [p.data_ptr() for p in model.single_transformer_blocks[2].parameters()] == pointers
    assert torch.equal(run(model), twin)


def test_what_cannot_be_streamed_is_refused_in_words(model: Transformer) -> None:
    with pytest.raises(ValueError, match="at least 2 buffers and 0 resident blocks, not 1 and 0"):
        Streamer(blocks_of(model), HostCopies(), buffers=1)
    with torch.device("meta"):
        empty = network()
    with pytest.raises(ValueError, match=r"Block 0: .* is on meta\. Move it to the host"):
        Streamer(blocks_of(empty), HostCopies())
    model.transformer_blocks[1].register_buffer("table", torch.ones(3))
    with pytest.raises(ValueError, match=r"Block 1 has a buffer, table \(3,\)"):
        Streamer(blocks_of(model), HostCopies())
    with pytest.raises(ValueError, match="not to mps"):
        copy_engine(torch.device("mps"))
    assert isinstance(copy_engine(torch.device("cpu")), HostCopies)


def test_training_through_streamed_blocks_is_refused(model: Transformer) -> None:
    model.requires_grad_(True)
    with Streamer(blocks_of(model), HostCopies()) as streamer:
        with pytest.raises(RuntimeError, match=r"under torch\.no_grad"):
            blocks_of(model)[0](randn(1, 2, 20))
        with pytest.raises(RuntimeError, match="already"):
            streamer.attach()
        run(model)
    assert not streamer.is_attached


def test_who_forgets_to_detach_leaves_nothing_pinned() -> None:
    engine = LateCopies()
    model = network()
    Streamer(blocks_of(model), engine).attach()
    del model
    gc.collect()
    assert engine.released == 1


def test_diffusers_group_offload_says_the_same(model: Transformer) -> None:
    resident, theirs = run(model), network()
    stream_with_diffusers(theirs, torch.device("cpu"))
    streamed(model)
    assert torch.equal(run(theirs), resident)
    assert torch.equal(run(model), resident)
    small = network()
    quantize(small)
    twin = run(small)
    stream_with_diffusers(small, torch.device("cpu"))
    assert torch.equal(run(small), twin)
