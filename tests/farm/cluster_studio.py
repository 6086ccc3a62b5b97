"""A studio in a process of its own, for `test_ray_cluster`: two takes here and on the farm of STUDIO_FARM, and how it went.

    python -m tests.farm.cluster_studio MODELS FILMS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from studio.catalogue.cards import find_models
from studio.engine.engine import Engine
from studio.farm.choice import choose_engine
from studio.farm.engine import FarmEngine
from tests.farm.test_ray import request, wait_for


def main(models: Path, films: Path) -> None:
    """Print a line of JSON: the state of each job, and the farm's workers."""
    import torch

    torch.set_num_threads(1)                                    # as each of the workers
    cards, problems = find_models(models)
    farm = choose_engine(cards, problems, models)
    assert isinstance(farm, FarmEngine)
    farm.start()
    home = Engine(cards, problems, device="cpu")
    home.start()
    wait_for(lambda: farm.status().state in ("ready", "failed"), 60)
    jobs = {}
    for name, engine in (("home", home), ("farm", farm)):
        requests = [request(films, name, "a"), request(films, name, "b", "a", sections=3)]
        jobs[name] = engine.submit(iter(requests), lambda *_: None)
    for job in jobs.values():
        job.wait(60)
    said = {
        "jobs": {name: [job.state, str(job.error or "")] for name, job in jobs.items()},
        "workers": [[worker.state, worker.name] for worker in farm.status().workers], "note": farm.status().note,
    }  # fmt: skip
    sys.stdout.write(f"{json.dumps(said)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
