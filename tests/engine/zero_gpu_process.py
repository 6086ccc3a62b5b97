"""Renders takes as on a ZeroGPU Space: the real package `spaces`, with a stand-in for the Hub's service and without a card.

    python -m tests.engine.zero_gpu_process FOLDER

It prints what came of it as JSON. A process of its own, since `spaces` changes torch and Gradio when it is imported there.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ANSWERS: list[dict[str, Any] | None] = []
"""What the next calls for a card are answered: None lends it, a table says what is left of the quota."""
SEEN: list[dict[str, str]] = []


class Hub(BaseHTTPRequestHandler):
    """The service that lends cards."""

    def do_POST(self) -> None:
        """Answer a call of `spaces.zero.api`."""
        url = urlsplit(self.path)
        SEEN.append({"call": url.path, **dict(parse_qsl(url.query))})
        answer: dict[str, Any] | None = {}
        status = 200
        if url.path == "/schedule":
            answer = ANSWERS.pop(0)
            status = 429 if answer else 200
            answer = answer or {"idle": True, "nvidiaIndex": 0, "nvidiaUUID": "x", "allowToken": "t"}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


def main(folder: Path) -> None:
    """Three runs of a take of two sections: the quota ends after the first, the rest is made, and all of it at once here."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "cgroup").write_text("1:devices:/test\n")
    os.environ |= {
        "SPACES_ZERO_GPU": "true", "SPACES_ZERO_DEVICE_API_URL": f"http://127.0.0.1:{server.server_port}",
        "ZEROGPU_PROC_SELF_CGROUP_PATH": str(folder / "cgroup"), "ZEROGPU_OFFLOAD_DIR": str(folder / "tensors")}
    import torch
    from safetensors.torch import load_file

    from studio.backbones.load import load  # before `spaces`: then libraries see that this build has no CUDA
    from studio.engine.events import RenderRequest
    from studio.engine.jobs import Stop
    from studio.engine.rates import Rate, Rates
    from studio.engine.render import Renderer
    from studio.engine.zero_gpu import LentCard
    from studio.lab import tiny
    from tests import folders

    card = folders.small(folder / "model")
    torch.version.cuda = "12.6"                            # type: ignore[attr-defined]
    torch._C._cuda_init, torch.cuda._is_in_bad_fork = int, bool     # type: ignore[attr-defined] # which such a build lacks
    import spaces.zero
    from gradio.context import LocalContext

    spaces.zero.torch.init = lambda uuid: None             # type: ignore[attr-defined] # there is no card here
    spaces.zero.torch.move = lambda callback=None: None    # type: ignore[attr-defined]
    tiny.picture(size=96).save(folder / "reference.png")
    rates = Rates()
    rates.record("small", (64, 32), Rate(10, 4, 1))
    mine = os.getpid()

    def make(request: RenderRequest) -> Renderer:
        assert os.getpid() != mine, "no model is loaded in the process of the page"
        return Renderer(load(card, "cpu"))

    lent = LentCard(make, rates)
    LocalContext.request.set(SimpleNamespace(headers=SimpleNamespace(get={"x-ip-token": "visitor"}.get)))  # type: ignore[arg-type]
    request = RenderRequest(
        "a", "small", "the camera pans left", 7, 2, 2, 4.5, (64, 32), folder / "reference.png", None, folder / "a")
    told = []
    for answers in ([None, {"left": 3, "wait": 11_520}], [None]):
        request.folder.mkdir(exist_ok=True)
        ANSWERS[:] = answers
        stop = Stop()
        told.append([[type(event).__name__, getattr(event, "doing", getattr(event, "message", ""))]
                     for event in lent.render(request, stop)])
        told[-1].append(["paused", str(stop.before_next_section)])
    here = replace(request, folder=folder / "b")
    here.folder.mkdir()
    spaces.zero.torch.unpatch()                            # type: ignore[attr-defined]
    list(Renderer(load(card, "cpu")).render(here, Stop()))
    films = [(load_file(take / "snapshot.safetensors")["recent"].numpy().tobytes(), (take / "clip.mp4").read_bytes())
             for take in (request.folder, here.folder)]
    found = {"told": told, "seen": SEEN, "same": films[0] == films[1]}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
