"""A farm in a cluster elsewhere, over Ray's client (`STUDIO_FARM=ray://...`): a head and a machine that works, on 127.0.0.1."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

import studio
from studio.catalogue.cards import find_models
from studio.lab.measure.startup import free_port
from tests import folders
from tests.farm.test_ray import digests, levels_apart, render_at_home, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Ray has no clusters on Windows")]
ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
NODE = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", f"--node-ip-address={HOST}",
        "--object-store-memory=100000000", "--min-worker-port=0", "--max-worker-port=0", "--disable-usage-stats",
        "--no-monitor", "--include-log-monitor=false"]
"""What starts a machine of the cluster."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the studio, as another machine has one: its modules, and beside them models of its own."""
    folder = tmp_path_factory.mktemp("copy")
    (folder / "studio").symlink_to(Path(studio.__file__).parent)
    folders.remembering(folder / "models" / "remembering")
    return folder


@pytest.fixture(scope="module")
def environment() -> Mapping[str, str]:
    """Variables of the cluster and of the studio: a token that others do not know, and nothing that a farm on this machine set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    kept["RAY_enable_worker_prestart"] = "0"                    # no processes that wait for work: an actor has one of its own
    return {**kept, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def cluster(copy: Path, environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a cluster whose machines find the studio in `copy`. One has a processor, and so a worker with one thread."""
    port, client = free_port(), free_port()
    logs = tmp_path_factory.mktemp("logs")
    own = tempfile.mkdtemp(prefix="ray-")                       # a short path: sockets lie in it
    head = ["--head", f"--port={port}", f"--ray-client-server-port={client}", "--include-dashboard=false", f"--temp-dir={own}",
            "--num-cpus=0"]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for name, options in (("head", head), ("other", [f"--address={HOST}:{port}", "--num-cpus=1"])):
            with (logs / name).open("wb") as out:
                line = [*NODE, *options, f"--dashboard-agent-listen-port={free_port()}"]
                started.append(subprocess.Popen(
                    line, cwd=copy, env={**environment, "PYTHONPATH": str(copy)}, stdin=subprocess.DEVNULL, stdout=out, stderr=out))
        wait_for(lambda: all(_has_started(logs / name, each) for name, each in zip(("head", "other"), started, strict=True)))
        yield f"ray://{HOST}:{client}"
    finally:
        _end(started)
        shutil.rmtree(own, ignore_errors=True)


def _has_started(log: Path, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, log.read_text(errors="replace")
    return "Ray runtime started" in log.read_text(errors="replace")


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    """End the cluster's processes, and no others."""
    ours = [psutil.Process(process.pid) for process in started if process.poll() is None]
    all_of_them = [*ours, *(child for process in ours for child in process.children(recursive=True))]
    for process in all_of_them:
        if process.is_running():
            process.terminate()
    for process in psutil.wait_procs(all_of_them, timeout=2)[1]:
        process.kill()
    for each in started:
        each.wait(10)


def test_a_worker_of_a_cluster_makes_the_same_bytes(
    cluster: str, copy: Path, environment: Mapping[str, str], tmp_path: Path
) -> None:
    line = [sys.executable, "-m", "tests.farm.cluster_studio", str(copy / "models"), str(tmp_path)]
    variables = {name: value for name, value in environment.items() if name != "RAY_AUTH_MODE"}
    done = subprocess.run(line, cwd=ROOT, env={**variables, "PYTHONPATH": str(ROOT), "STUDIO_FARM": cluster},
                          capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["job"] == ["done", ""], said
    assert [state for state, _ in said["workers"]] == ["free"], said
    render_at_home(find_models(copy / "models")[0], tmp_path)
    assert levels_apart(tmp_path / "farm", tmp_path / "home") == {"a": 0, "b": 0}
    assert digests(tmp_path / "farm") == digests(tmp_path / "home")
