"""The CUDA copies of streamed blocks, on a stand-in of torch.cuda: memory is pinned, waited for and unpinned."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel

from studio.placement.device import copies
from studio.placement.device.copies import CudaCopies
from studio.placement.device.streamer import MAX_BLOCKS_AHEAD, Streamer, blocks_of
from tests.placement.conftest import run

Transformer = HunyuanVideoFramepackTransformer3DModel


class _Cuda:
    """What CudaCopies asks of torch.cuda, written down in the order it is asked."""

    def __init__(self, refuse: bool = False) -> None:
        self.log: list[str] = []
        self.pinned: set[int] = set()
        cuda = self

        class Event:
            def __init__(self, blocking: bool = False) -> None: ...
            def record(self, stream: Stream) -> None: cuda.log.append(f"record {stream.name}")
            def synchronize(self) -> None: cuda.log.append("host waits")

        class Stream:
            def __init__(self, device: Any, name: str = "copies") -> None: self.name = name
            def wait_event(self, event: Event) -> None: cuda.log.append(f"{self.name} wait")
            def synchronize(self) -> None: cuda.log.append(f"host waits for {self.name}")
            def __enter__(self) -> None: cuda.log.append(f"in {self.name}")
            def __exit__(self, *_: Any) -> None: cuda.log.append(f"out of {self.name}")
            def record_event(self) -> Event:
                cuda.log.append(f"record {self.name}")
                return Event()

        class Runtime:
            def cudaHostRegister(self, address: int, size: int, flags: int) -> int:  # noqa: N802
                assert address % 4096 == 0 and size > 0
                cuda.pinned |= set() if refuse else {address}
                return 2 if refuse else 0

            def cudaHostUnregister(self, address: int) -> int:  # noqa: N802
                cuda.pinned.remove(address)
                return 0

        self.Event, self.Stream, self.cudart = Event, Stream, Runtime
        self.stream = lambda stream: stream
        self.current_stream = lambda device: Stream(device, "computing")

    def check_error(self, code: int) -> None:
        assert code == 0

    def synchronize(self, device: Any) -> None:
        self.log.append("host waits for all")


@pytest.mark.parametrize("refuse", [False, True])
def test_the_cuda_engine_pins_waits_and_unpins(model: Transformer, monkeypatch: pytest.MonkeyPatch, refuse: bool) -> None:
    twin, cuda = run(model), _Cuda(refuse)
    for name in ("Event", "Stream", "cudart", "stream", "current_stream", "check_error", "synchronize"):
        monkeypatch.setattr(copies.torch.cuda, name, getattr(cuda, name))
    engine = CudaCopies(torch.device("cpu"))
    streamer = Streamer(blocks_of(model), engine, resident=1).attach()
    assert len(cuda.pinned) == (0 if refuse else 4)
    assert engine.unpinned == (streamer.host_bytes if refuse else 0)
    cuda.log.clear()
    assert torch.equal(run(model), twin)
    one_copy = ["copies wait", "in copies", "out of copies", "record copies"]
    assert cuda.log[:10] == [*one_copy, "computing wait", *one_copy, "record computing"]
    assert cuda.log.count("host waits") == 5 - MAX_BLOCKS_AHEAD
    streamer.detach()
    assert not cuda.pinned and cuda.log[-2:] == ["host waits for copies"] * 2
    assert torch.equal(run(model), twin)
