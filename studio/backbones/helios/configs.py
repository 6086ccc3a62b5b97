"""The configs of Helios' published networks: sizes of the default arguments in diffusers 0.42.1. Imports no torch."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from studio.backbones.network_config import Configs


@cache
def published_configs() -> Configs:
    """The configs of the networks, to plan with before anything is fetched.

    The transformer's and the autoencoder's are the defaults of diffusers' classes, the text encoder's is that of umt5-xxl.
    """
    configs: Configs = json.loads(Path(__file__).with_name("configs.json").read_text("utf-8"))
    return configs
