"""A studio in a process of its own, for `test_ray_cluster`: two takes on the farm of STUDIO_FARM, and how it went.

    python -m tests.farm.cluster_studio MODELS FILMS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from studio.catalogue.cards import find_models
from studio.farm.choice import choose_engine
from studio.farm.engine import FarmEngine
from tests.farm.test_ray import request, wait_for


def main(models: Path, films: Path) -> None:
    """Print a line of JSON: the state of the job, and the farm's workers."""
    cards, problems = find_models(models)
    farm = choose_engine(cards, problems, models)
    assert isinstance(farm, FarmEngine)
    farm.start()
    wait_for(lambda: farm.status().state in ("ready", "failed"))
    requests = [request(films, "farm", "a"), request(films, "farm", "b", "a", sections=3)]
    job = farm.submit(iter(requests), lambda *_: None)
    job.wait(120)
    said = {
        "job": [job.state, str(job.error or "")],
        "workers": [[worker.state, worker.name] for worker in farm.status().workers], "note": farm.status().note,
    }  # fmt: skip
    sys.stdout.write(f"{json.dumps(said)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
