"""Measures the ground that `studio.media.fill` adds beyond a picture's edges, beside mirrored and real ground, and draws it.

For each picture: the share of the new ground that is like a mirror image, whether a seam shows where it begins, and how much of
what occurs once in the picture occurs again. Real ground is what truly lies around the middle of a picture; it tells what the
figures mean: it copies nothing, so it is like the picture and like its mirror image about equally often. Nothing that makes the
ground was trained, so no picture was trained on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from studio.lab.photographs import sample
from studio.media.distinctness import distinctness
from studio.media.fill import extend
from studio.media.picture import fit, read_picture

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Sides = tuple[int, int, int, int]

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "motorcycle", "camera")
DRAWINGS = ("lighthouse", "desert", "mountains", "alley", "street", "sea")
PICTURES = (*PHOTOGRAPHS, *DRAWINGS)
EXAMPLES = Path(__file__).parents[3] / "assets" / "examples"
LARGEST_MIRROR_SHARE, LARGEST_SEAM = 0.10, 1.15
"""What the new ground aims at: the share that is like a mirror image, and the seam."""
PATCH, SPACING = 9, 1
"""Samples of a patch, each way, and the pixels between them."""
COMPARED, FEW = 2400, 150
"""Patches of the new ground that are compared, spread evenly over it, and distinct places of the picture."""
WORKING = 640
"""Pixels of the longer side of the picture at which patches are compared, at most."""
TELLING = 0.0003
"""Mean squared difference, on brightness from 0 to 1, from which on a patch differs from its own mirror image."""
SAME = 0.15
"""Share of a patch's own contrast, squared, up to which the difference to a second copy of it goes."""
NEAR_EDGE = 24
"""Pixels on both sides of an edge that its slope is compared with."""
DISTINCT = 0.8
"""From this distinctness on a place of the picture occurs once."""
HEIGHT, GAP, CAPTION = 260, 10, 18


def load(name: str, longest: int) -> Pixels:
    """Returns the picture `name` of PICTURES, its longer side `longest` pixels, [H, W, 3].

    Raises:
        ValueError: there is no such picture.
        RuntimeError: scikit-image is not installed.
    """
    file = EXAMPLES / name / f"{name}.jpg"
    image = read_picture(file) if file.is_file() else sample(name)
    scale = longest / max(image.size)
    return np.asarray(fit(image.convert("RGB"), (round(image.width * scale), round(image.height * scale))))


def mirror_ground(picture: Pixels, sides: Sides) -> Pixels:
    """Returns the picture with its mirror image beyond its edges; `sides` are left, top, right and bottom in pixels."""
    left, top, right, bottom = sides
    return np.pad(picture, ((top, bottom), (left, right), (0, 0)), mode="symmetric")


def measure(
    out: Path, names: Sequence[str], longest: int, report: Callable[[str], None] = lambda name: None
) -> dict[str, Any]:
    """Extend pictures by a quarter of their size on each side, and measure the ground.

    Args:
        out: the folder for the pictures and the sheet.
        names: of the pictures, from PICTURES.
        longest: pixels of their longer side.
        report: is told the name of each picture before it is measured.

    Returns:
        For each picture the figures of the ground (`fill`), of mirrored ground (`mirror`) and of real ground (`real`), and their
        means; `together` is the share of all patches that can tell, where a picture counts by how many of those it has.
    """
    out.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {}
    rows = []
    for name in names:
        report(name)
        picture = load(name, longest)
        height, width = picture.shape[:2]
        sides = (width // 4, height // 4, width // 4, height // 4)
        started = time.process_time()
        whole = extend(picture, *sides)
        seconds = time.process_time() - started
        mirror = mirror_ground(picture, sides)
        figures[name] = {
            "fill": {**ground_figures(picture, whole, sides), "seconds": round(seconds, 1)},
            "mirror": ground_figures(picture, mirror, sides),
            "real": real_figures(picture),
        }
        Image.fromarray(whole).save(out / f"{name}.png")
        rows.append((name, frame(picture, sides), mirror, whole))
    draw(rows, out / "extension.png")
    parts = ("mirror_share", "seam", "copies")
    mean = {kind: {part: float(np.mean([figures[name][kind][part] for name in names])) for part in parts}
            for kind in ("fill", "mirror", "real")}
    for kind, means in mean.items():
        rows_of_kind = [figures[name][kind] for name in names]
        like = sum(row["mirror_share"] * row["telling"] for row in rows_of_kind)
        means["together"] = like / max(1e-9, sum(row["telling"] for row in rows_of_kind))
    return {"longest": longest, "pictures": figures, "mean": mean}


def ground_figures(picture: Pixels, whole: Pixels, sides: Sides) -> dict[str, float]:
    """Returns the figures of new ground around one picture: `mirror_share`, `telling`, `seam` and `copies`."""
    share, telling = mirror_share(picture, whole, sides)
    return {"mirror_share": share, "telling": telling, "seam": seam(picture, whole, sides),
            "copies": copies(picture, whole, sides)}


def real_figures(picture: Pixels) -> dict[str, float]:
    """Returns the figures of what truly lies around the middle of a picture, two thirds of it each way."""
    height, width = picture.shape[:2]
    left, top = width // 6, height // 6
    return ground_figures(picture[top:height - top, left:width - left], picture, (left, top, left, top))


def mirror_share(picture: Pixels, whole: Pixels, sides: Sides) -> tuple[float, float]:
    """Returns the share of the new ground that is more like a mirror image than like the picture.

    Each patch of the ground is compared with all patches of the picture, and with all patches of its mirror image: left to right
    for ground beside it, upside down for ground above and below, both in the corners. Brightness counts, without the mean.
    Patches that hardly differ from their own mirror images cannot tell and are left out; the second figure is the share of the
    others.
    """
    small, box = _small(picture, whole, sides)
    known = _patches(small[box[0]:box[1], box[2]:box[3]])
    wins = tells = patches = 0
    for part, flip in _strips(small, box):
        found = _patches(part)
        found = found[::max(1, len(found) * (small.size - known.size // PATCH**2) // (COMPARED * part.size))]
        turned = found.reshape(-1, PATCH, PATCH)[:, ::flip[0], ::flip[1]].reshape(found.shape)
        telling = ((found - turned) ** 2).mean(1) > TELLING
        patches, tells = patches + len(found), tells + int(telling.sum())
        wins += int((nearest(turned[telling], known) < nearest(found[telling], known)).sum())
    return wins / max(1, tells), tells / max(1, patches)


def seam(picture: Pixels, whole: Pixels, sides: Sides) -> float:
    """Returns the mean step of colour across the picture's edges over that in the NEAR_EDGE pixels on both sides of them."""
    left, top, right, bottom = sides
    height, width = picture.shape[:2]
    values = whole.astype(np.float32)
    across = np.abs(np.diff(values[top:top + height], axis=1)).mean(2).T
    down = np.abs(np.diff(values[:, left:left + width], axis=0)).mean(2)
    edges = [(across, left - 1, left), (across, left + width - 1, right), (down, top - 1, top), (down, top + height - 1, bottom)]
    here, around = 0.0, 0.0
    for steps, at, extent in edges:
        if extent:
            near = np.concatenate([steps[max(0, at - NEAR_EDGE):at], steps[at + 1:at + 1 + NEAR_EDGE]])
            here += float(steps[at].mean()) * steps.shape[1]
            around += float(near.mean()) * steps.shape[1]
    return here / max(around, 1e-6)


def copies(picture: Pixels, whole: Pixels, sides: Sides) -> float:
    """Returns the share of the picture's distinct places, those that occur once in it, that occur again in the new ground.

    Mirror images count as well. A place occurs again if a patch of the ground differs from it by little besides the mean colour.
    """
    small, box = _small(picture, whole, sides)
    known = small[box[0]:box[1], box[2]:box[3]]
    colours = _shrink(picture, known.shape[1] // 4, known.shape[0] // 4)
    distinct = distinctness(colours, np.ones(colours.shape[:2], bool)) >= DISTINCT
    half, reach = PATCH * SPACING // 2, PATCH * SPACING - SPACING
    y, x = np.nonzero(distinct)
    y, x = (part * 4 - half for part in (y, x))
    inside = (y >= 0) & (x >= 0) & (y < known.shape[0] - reach) & (x < known.shape[1] - reach)
    y, x = y[inside], x[inside]
    every = _patches(known)
    columns = known.shape[1] - reach
    places = every[y * columns + x]
    thin = slice(None, None, max(1, len(places) // FEW))
    y, x, places = y[thin], x[thin], places[thin]
    largest = SAME * (places ** 2).mean(1)
    there_y, there_x = np.divmod(np.arange(len(every)), columns)
    once = (places ** 2).mean(1) > TELLING
    squares = (every ** 2).mean(1)
    for number in np.flatnonzero(once):
        far = np.maximum(np.abs(there_y - y[number]), np.abs(there_x - x[number])) > reach
        place = places[number]
        differences = squares - every @ place * np.float32(2 / len(place)) + (place ** 2).mean()
        once[number] = differences[far].min(initial=np.inf) > largest[number]
    places, largest = places[once], largest[once]
    if not len(places):
        return 0.0
    best = np.full(len(places), np.inf, np.float32)
    for part, flip in _strips(small, box):
        others = _patches(part)
        for turn in ((1, 1), flip):
            turned = places.reshape(-1, PATCH, PATCH)[:, ::turn[0], ::turn[1]].reshape(places.shape)
            best = np.minimum(best, nearest(turned, others))
    return float((best < largest).mean())


def nearest(patches: Floats, others: Floats) -> Floats:
    """Returns for each of the patches [N, D] the mean squared difference to the nearest of the others [M, D], [N]; inf if M = 0."""
    if not len(others):
        return np.full(len(patches), np.inf, np.float32)
    squares = (others ** 2).sum(1)
    best = np.empty(len(patches), np.float32)
    for first in range(0, len(patches), 100):
        part = patches[first:first + 100]
        best[first:first + 100] = (squares - 2 * part @ others.T).min(1) + (part ** 2).sum(1)
    return (best / others.shape[1]).clip(0)


def _small(picture: Pixels, whole: Pixels, sides: Sides) -> tuple[Floats, tuple[int, int, int, int]]:
    """The brightness of the whole at WORKING pixels, and top, bottom, left and right of the picture inside it."""
    left, top, _, _ = sides
    scale = min(1.0, WORKING / max(picture.shape[:2]))
    small = _shrink(whole, round(whole.shape[1] * scale), round(whole.shape[0] * scale)).mean(2)
    box = np.array([top, top + picture.shape[0], left, left + picture.shape[1]]) * scale
    return small, (int(np.ceil(box[0])), int(box[1]), int(np.ceil(box[2])), int(box[3]))


def _shrink(picture: Pixels, width: int, height: int) -> Floats:
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BOX), np.float32) / np.float32(255)


def _strips(small: Floats, box: tuple[int, int, int, int]) -> list[tuple[Floats, tuple[int, int]]]:
    """The eight parts of the ground around the picture, each with the steps along rows and columns that mirror it."""
    top, bottom, left, right = box
    rows, columns = ((None, top, -1), (top, bottom, 1), (bottom, None, -1)), ((None, left, -1), (left, right, 1), (right, None, -1))
    parts = [(small[y0:y1, x0:x1], (turn_y, turn_x)) for y0, y1, turn_y in rows for x0, x1, turn_x in columns]
    return [(part, turns) for part, turns in parts if turns != (1, 1) and part.size]


def _patches(part: Floats) -> Floats:
    """All patches of a part [H, W] without their mean, [N, PATCH * PATCH], row by row."""
    size = (PATCH - 1) * SPACING + 1
    if min(part.shape) < size:
        return np.zeros((0, PATCH * PATCH), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(part, (size, size))[:, :, ::SPACING, ::SPACING]
    patches = windows.reshape(-1, PATCH * PATCH)
    return patches - patches.mean(1, keepdims=True)


def frame(picture: Pixels, sides: Sides) -> Pixels:
    """Returns the picture with grey around it, where the new ground goes."""
    left, top, right, bottom = sides
    return np.pad(picture, ((top, bottom), (left, right), (0, 0)), constant_values=205)


def draw(rows: Sequence[tuple[str, Pixels, Pixels, Pixels]], path: Path) -> None:
    """Write a sheet with a row for each picture: the picture, mirrored ground, and the new ground."""
    lines = []
    for name, *pictures in rows:
        images = [Image.fromarray(one) for one in pictures]
        wide = round(images[0].width * HEIGHT / images[0].height)
        lines.append((name, [one.resize((wide, HEIGHT), Image.Resampling.LANCZOS) for one in images]))
    width = max(sum(one.width + GAP for one in images) for _, images in lines) + GAP
    sheet = Image.new("RGB", (width, len(lines) * (HEIGHT + GAP + CAPTION) + GAP), (250, 250, 248))
    pen, y = ImageDraw.Draw(sheet), GAP
    for name, images in lines:
        pen.text((GAP, y), f"{name}: the picture, mirrored ground, new ground", fill=(30, 30, 34))
        x, y = GAP, y + CAPTION
        for one in images:
            sheet.paste(one, (x, y))
            x += one.width + GAP
        y += HEIGHT + GAP
    sheet.save(path)


def markdown(figures: dict[str, Any]) -> str:
    """Returns the figures as a table, in brackets mirrored and real ground."""
    lines = [
        "| picture | like a mirror image | of patches that can tell | seam | distinct places again | seconds of one core |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in [*figures["pictures"].items(), ("mean", figures["mean"])]:
        ours, mirror, real = row["fill"], row["mirror"], row["real"]
        shares, seams, again = ([kind[part] for kind in (ours, mirror, real)] for part in ("mirror_share", "seam", "copies"))
        telling, seconds = (f"{ours['telling']:.0%}", f"{ours['seconds']:.1f}") if name != "mean" else ("", "")
        lines.append(
            f"| {name} | {shares[0]:.1%} ({shares[1]:.0%}, {shares[2]:.0%}) | {telling} | "
            f"{seams[0]:.2f} ({seams[1]:.2f}, {seams[2]:.2f}) | {again[0]:.1%} ({again[1]:.0%}, {again[2]:.0%}) | {seconds} |")
    ours, mirror, real = (figures["mean"][kind]["together"] for kind in ("fill", "mirror", "real"))
    together = f"Of all patches that can tell, {ours:.1%} are like a mirror image ({mirror:.0%}, {real:.0%})."
    return "\n".join([*lines, "", together]) + "\n"
