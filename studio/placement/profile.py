"""Profiles: how a model is placed on a kind of machine, in small TOML files. It does not know whether a profile fits."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from studio.media.disk import atomic_write
from studio.placement.machine import GB
from studio.placement.sizes import Weights

PROFILES = Path(__file__).parents[2] / "presets" / "profiles"
FIT = -1
"""As many resident blocks as fit."""
ALL = 10**6
"""Every block resident: nothing is streamed."""

Source = Literal["ram", "disk"]
Streamers = Literal["slabs", "diffusers"]
Products = Literal["widened", "bitsandbytes"]
TextEncoderPlacement = Literal["cpu", "gpu", "streamed"]


class ProfileError(Exception):
    """A profile file cannot be used; the message names file and key."""


@dataclass(frozen=True)
class Profile:
    """A placement. Blocks are the transformer's; those that are not resident on the card are streamed to it in every step."""

    name: str
    title: str
    description: str
    device: str                    # cuda or cpu
    card: int                      # GB of the smallest card it is for; 0: none
    weights: Weights               # of the transformer's blocks
    resident: int                  # blocks on the card; FIT or ALL
    stream: Source                 # where the others wait
    adaln_table: bool              # a table stands for AdaLN's layers
    text_encoder: TextEncoderPlacement        # streamed: from disk through the card, layer by layer
    text_weights: Weights
    vae_tile: int                  # pixels
    attention: str                 # auto, or a backend of diffusers (see attention.py)
    cache: str                     # none, or first-block: every film skips blocks between steps, whatever its preset says
    vram_budget: float = 0.0       # GB that may be used; 0: what is free, less a margin
    compile: bool = False          # blocks are compiled; only where all are resident and not int8
    streamer: Streamers = "slabs"   # what brings blocks to the card: ours, or diffusers' group offload (slower, and none stays)
    products: Products = "widened"  # how int8 weights multiply: widened to what is computed with, or as integers by bitsandbytes


def _one_of(*known: str) -> Callable[[Any], bool]:
    return lambda value: value in known


def _resident(value: Any) -> bool:
    return value in ("fit", "all") or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


# key: what it may be, and how that is said
RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "title": (lambda value: isinstance(value, str) and bool(value.strip()), "a text"),
    "description": (lambda value: isinstance(value, str) and bool(value.strip()), "a text"),
    "device": (_one_of("cuda", "cpu"), "cuda or cpu"),
    "card": (lambda value: type(value) is int and 0 <= value < 1000, "a number of GB, 0 for no card"),
    "weights": (_one_of("fp32", "bf16", "int8"), "fp32, bf16 or int8"),
    "resident": (_resident, "a number of blocks, 'fit' or 'all'"),
    "stream": (_one_of("ram", "disk"), "ram or disk"),
    "adaln_table": (lambda value: isinstance(value, bool), "true or false"),
    "text_encoder": (_one_of("cpu", "gpu", "streamed"), "cpu, gpu or streamed"),
    "text_weights": (_one_of("fp32", "bf16", "int8"), "fp32, bf16 or int8"),
    "vae_tile": (lambda value: type(value) is int and 64 <= value <= 512 and value % 64 == 0, "64, 128, 192 ... 512 pixels"),
    "attention": (lambda value: isinstance(value, str) and bool(value.strip()), "auto, or the name of an attention backend"),
    "cache": (_one_of("none", "first-block"), "none or first-block"),
    "vram_budget": (lambda value: type(value) in (int, float) and 0 <= value < 1e4, "a number of GB, 0 for what is free"),
    "compile": (lambda value: isinstance(value, bool), "true or false"),
    "streamer": (_one_of("slabs", "diffusers"), "slabs or diffusers"),
    "products": (_one_of("widened", "bitsandbytes"), "widened or bitsandbytes"),
}
WORDS = {"fit": FIT, "all": ALL}


def read_profile(path: Path) -> Profile:
    """The profile in `path`, named as the file is.

    Raises:
        ProfileError: the file cannot be read, or a key is missing, unknown or of the wrong kind.
    """
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProfileError(f"{path} cannot be read: {error}") from None
    if strangers := sorted(set(table) - set(RULES)):
        raise ProfileError(f"{path}: unknown key '{strangers[0]}'. A profile has {', '.join(RULES)}.")
    for key, (fits, said) in RULES.items():
        if key not in table and key in ("vram_budget", "compile", "products", "streamer"):
            continue
        if key not in table or isinstance(table[key], list | dict) or not fits(table[key]):
            raise ProfileError(f"{path}: '{key}' must be {said}.")
    resident = table["resident"]
    return Profile(name=path.stem, **{**table, "resident": WORDS.get(resident, resident)})


def write_profile(profile: Profile, path: Path) -> None:
    """Write `profile` as a file that `read_profile` reads; its name becomes the file's. Raises MediaError: it cannot be written."""
    words = {number: word for word, number in WORDS.items()}
    values = {field.name: getattr(profile, field.name) for field in fields(profile) if field.name != "name"}
    values["resident"] = words.get(profile.resident, profile.resident)
    # JSON's texts, numbers and truths are TOML's too.
    text = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
    with atomic_write(path) as temporary:
        temporary.write_text(text, "utf-8")


def find_profiles(folder: Path = PROFILES) -> tuple[Profile, ...]:
    """The profiles in `folder`, by name.

    Raises:
        ProfileError: one of them cannot be used, or there is none.
    """
    found = tuple(map(read_profile, sorted(folder.glob("*.toml"))))
    if not found:
        raise ProfileError(f"There are no profiles in {folder}. Get presets/profiles again (git checkout).")
    return found


def select_profile(name: str | None = None, folder: Path = PROFILES) -> Profile | None:
    """The profile that a person chose: `name`, or STUDIO_PROFILE; None where nobody did.

    Args:
        name: of a profile in `folder`, or the path of a file.

    Raises:
        ProfileError: there is none of this name, or it cannot be used.
    """
    name = name or os.environ.get("STUDIO_PROFILE", "")
    if not name:
        return None
    if name.endswith(".toml"):
        return read_profile(Path(name).expanduser())
    known = {profile.name: profile for profile in find_profiles(folder)}
    if name not in known:
        raise ProfileError(f"There is no profile '{name}'. There are: {', '.join(known)}; or name a .toml file of your own.")
    return known[name]


def gpu_budget(profile: Profile, free: int, margin: int) -> int:
    """Bytes of the card that the profile may use: its own budget, or all but a margin; never more than is free."""
    return min(free, round(profile.vram_budget * GB)) if profile.vram_budget else max(0, free - margin)
