"""Measures from outside how long the studio takes to start: until the page answers, and the engine is ready; also as a Space."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[3]
SPACE = {
    "SPACE_ID": "someone/studio", "SPACE_HOST": "someone-studio.hf.space", "SYSTEM": "spaces", "GRADIO_SERVER_NAME": "127.0.0.1"}
"""What Hugging Face sets for a Space, but for the address."""


def free_port() -> int:
    """Returns a port of this machine that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def time_imports() -> float:
    """Returns the seconds of `python -c "import gradio, torch, diffusers"`."""
    clock = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio, torch, diffusers"], check=True, cwd=ROOT)
    return time.perf_counter() - clock


def time_studio(limit: float = 180, /, **variables: str) -> dict[str, float]:
    """Returns the seconds from `python app.py` to the first answer of the page, and until the log says that the engine is ready.

    Args:
        limit: seconds.
        variables: of the environment, besides this process's own.

    Raises:
        RuntimeError: the studio ended, or took more than `limit` seconds.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        log = Path(home) / "log.txt"
        clock = time.perf_counter()
        with log.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "app.py", "--no-browser", "--port", str(port)], cwd=ROOT, stdout=out, stderr=out,
                env={**os.environ, "STUDIO_HOME": home, "PYTHONUNBUFFERED": "1", **variables},
            )
        try:
            page = _wait(lambda: _answers(port), process, log, clock, limit)
            ready = _wait(lambda: "is ready" in log.read_text(), process, log, clock, limit)
        finally:
            process.terminate()
            process.wait(20)
    return {"page_answered_seconds": page, "engine_ready_seconds": ready}


def _wait(done: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, clock: float, limit: float) -> float:
    while not done():
        if process.poll() is not None or time.perf_counter() - clock > limit:
            raise RuntimeError(f"the studio did not come up:\n{log.read_text()[-2000:]}")
        time.sleep(0.02)
    return time.perf_counter() - clock


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def measure(rounds: int = 3) -> dict[str, Any]:
    """Returns the median of several rounds. Every round measures the studio, the same as a Space, and its imports alone."""
    runs = []
    for _ in range(rounds):
        imports = time_imports()
        space = {f"space_{name}": seconds for name, seconds in time_studio(180, **SPACE).items()}
        runs.append({**time_studio(), **space, "imports_alone_seconds": imports})
    runs.sort(key=lambda run: run["page_answered_seconds"] / run["imports_alone_seconds"])
    middle = runs[len(runs) // 2]
    ratios = {
        "page_over_imports": middle["page_answered_seconds"] / middle["imports_alone_seconds"],
        "space_page_over_page": median(run["space_page_answered_seconds"] / run["page_answered_seconds"] for run in runs),
        "space_ready_over_ready": median(run["space_engine_ready_seconds"] / run["engine_ready_seconds"] for run in runs),
    }
    return {**middle, **ratios, "rounds": rounds}
