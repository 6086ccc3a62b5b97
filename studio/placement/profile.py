"""Profiles: small TOML files that say how a model is placed on machines of one kind."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from studio.language import sentence
from studio.media.disk import atomic_write
from studio.placement.machine import GB
from studio.placement.sizes import Weights
from studio.tables import parse, read_toml, table

PROFILES = Path(__file__).parents[2] / "presets" / "profiles"
FIT = -1
"""A number of resident blocks: as many as fit."""
ALL = 10**6
"""A number of resident blocks: every block, so nothing is streamed."""
RESIDENT_WORDS = {"fit": FIT, "all": ALL}
"""How the two are written in a file."""

StreamSource = Literal["ram", "disk"]
StreamerName = Literal["slabs", "diffusers"]
Int8Product = Literal["widened", "bitsandbytes"]
TextEncoderPlacement = Literal["cpu", "gpu", "streamed"]

_Text = Annotated[str, Field(pattern=r"\S", description=sentence("a text"))]
_Flag = Annotated[bool, Field(description=sentence("true or false"))]
_Weights = Annotated[Weights, Field(description=sentence("fp32, bf16 or int8"))]


class ProfileError(Exception):
    """A profile cannot be used. The message names the file and the key, or what is not available on this machine."""


@dataclass(frozen=True)
class Profile:
    """How a model is placed. Its fields are the keys of a profile file.

    Resident blocks of the transformer stay on the GPU; the others are streamed to it in every step.
    """

    name: str
    """The file's name without `.toml`."""
    title: _Text
    description: _Text
    device: Annotated[Literal["cuda", "cpu"], Field(description=sentence("cuda or cpu"))]
    card: Annotated[int, Field(ge=0, lt=1000, description=sentence("a number of GB, 0 for no card"))]
    """GB of the smallest GPU that the profile is for. The key is called `card` in people's own files."""
    weights: _Weights
    """Of the transformer's blocks."""
    resident: Annotated[int, Field(ge=FIT, description=sentence("a number of blocks, 'fit' or 'all'"))]
    """How many blocks stay on the GPU, or FIT, or ALL."""
    stream: Annotated[StreamSource, Field(description=sentence("ram or disk"))]
    """Where streamed blocks are kept."""
    adaln_table: _Flag
    """A table replaces the AdaLN layers, see `device/adaln.py`."""
    text_encoder: Annotated[TextEncoderPlacement, Field(description=sentence("cpu, gpu or streamed"))]
    """Where the text encoder computes; streamed: on the GPU, layer by layer from disk."""
    text_weights: _Weights
    vae_tile: Annotated[int, Field(ge=64, le=512, multiple_of=64, description=sentence("64, 128, 192 ... 512 pixels"))]
    """Edge of the tiles in which frames are decoded."""
    attention: Annotated[str, Field(pattern=r"\S", description=sentence("auto, or the name of an attention backend"))]
    cache: Annotated[Literal["none", "first-block"], Field(description=sentence("none or first-block"))]
    """first-block: every film skips blocks between steps, whatever its preset says."""
    vram_budget: Annotated[float, Field(ge=0, lt=1e4, description=sentence("a number of GB, 0 for what is free"))] = 0.0
    """GB of GPU memory that may be used; 0: all that is free, less a margin."""
    compile: _Flag = False
    """Blocks are compiled, if all of them are resident and not int8."""
    streamer: Annotated[StreamerName, Field(description=sentence("slabs or diffusers"))] = "slabs"
    """slabs: our streamer (device/streamer.py). diffusers: its group offload, which is slower and keeps no block resident."""
    products: Annotated[Int8Product, Field(description=sentence("widened or bitsandbytes"))] = "widened"
    """How int8 weights are multiplied: widened to the precision of the input, or as integers by bitsandbytes."""


# Only files are checked: a planner replaces a profile's fields thousands of times, and a checked class takes twice as long.
_CheckedProfile = table(Profile)


def read_profile(path: Path) -> Profile:
    """Reads a profile; its name is the file's name without `.toml`.

    Raises:
        ProfileError: the file cannot be read, or a key is missing, unknown or has a wrong value.
    """
    values = read_toml(path, ProfileError)
    if "resident" in values:
        values["resident"] = _resident_number(values["resident"])
    checked = parse(values, _CheckedProfile, str(path), ProfileError, name=path.stem)
    return Profile(**{field.name: getattr(checked, field.name) for field in fields(checked)})


def _resident_number(value: Any) -> Any:
    """The number for 'fit' or 'all'. Other values are left for `parse` to check; a file may not use FIT's own number."""
    if isinstance(value, str):
        return RESIDENT_WORDS.get(value, value)
    return None if value == FIT else value


def write_profile(profile: Profile, path: Path) -> None:
    """Writes a profile as a file that `read_profile` reads. The name is not written: it becomes the file's.

    Raises:
        MediaError: the file cannot be written.
    """
    words = {number: word for word, number in RESIDENT_WORDS.items()}
    values = {field.name: getattr(profile, field.name) for field in fields(profile) if field.name != "name"}
    values["resident"] = words.get(profile.resident, profile.resident)
    # Strings, numbers and booleans are written alike in JSON and in TOML.
    text = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
    with atomic_write(path) as temporary:
        temporary.write_text(text, "utf-8")


def find_profiles(folder: Path = PROFILES) -> tuple[Profile, ...]:
    """The profiles in a folder, sorted by name.

    Raises:
        ProfileError: one of them cannot be used, or there is none.
    """
    profiles = tuple(map(read_profile, sorted(folder.glob("*.toml"))))
    if not profiles:
        raise ProfileError(sentence("There are no profiles in {folder}. Get presets/profiles again (git checkout).", folder=folder))
    return profiles


def select_profile(name: str | None = None, folder: Path = PROFILES) -> Profile | None:
    """The profile that a person selected by `name`, or else by the environment variable STUDIO_PROFILE.

    Args:
        name: the name of a profile in `folder`, or the path of a .toml file.
        folder: where named profiles are.

    Returns:
        The profile, or None if none was selected.

    Raises:
        ProfileError: there is no profile of this name, or it cannot be used.
    """
    name = name or os.environ.get("STUDIO_PROFILE", "")
    if not name:
        return None
    if name.endswith(".toml"):
        return read_profile(Path(name).expanduser())
    profiles = {profile.name: profile for profile in find_profiles(folder)}
    if name not in profiles:
        raise ProfileError(sentence(
            "There is no profile '{name}'. There are: {profiles}; or name a .toml file of your own.",
            name=name, profiles=", ".join(profiles)))
    return profiles[name]


def gpu_budget(profile: Profile, free: int, margin: int) -> int:
    """Bytes of GPU memory that a profile may use: its own budget, or all but the margin, and never more than is free."""
    return min(free, round(profile.vram_budget * GB)) if profile.vram_budget else max(0, free - margin)
