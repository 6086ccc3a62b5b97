"""Decodes a HEIC picture, as a program of its own: its input is the file, its output a line of JSON and then the pixels.

A program of its own, because what reads such files is C code that strangers' files reach, and a file that crashes it must not end
the studio with everybody's films: pi-heif 1.4 writes past its memory for a grey picture whose header claims more bits than it has.
It imports nothing of the studio, so it starts quickly. `studio.media.heic` runs it.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable
from typing import Any

ROOM = 6 * 2**30
"""Bytes of memory that it may take, where the system can hold it to that: 100 megapixels of 16 bits take less than half."""
ASIDE = (re.compile(rb"colr(?!prof|rICC)"), re.compile(rb"(?<=\0\0)(?:Exif|mime)(?=\0)"))
"""What a file is read without if it cannot be read with it: code points of colours, and items that hold no pixels."""


def main(content: bytes, most: int) -> tuple[dict[str, Any], bytes]:
    """What is said of the main picture of a file, and its pixels.

    Args:
        content: of the file.
        most: pixels, at most; larger pictures are not decoded.

    Returns:
        `size` (width, height; without pixels, as the file claims it), `mode` (Pillow's, with ";16" for 16 bits of each number,
        little-endian), `bits` (of those), `profile` (hexadecimal) and `codes` (H.273's primaries and transfer function). Or
        `missing`: the library cannot be loaded; `unsupported` or `damaged`: why the picture cannot be read.
    """
    try:
        from pi_heif import open_heif, options

        options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
        open_heif(b"")
    except ImportError as error:
        return {"missing": str(error)}, b""
    except (ValueError, SyntaxError, RuntimeError, OSError):
        pass                                            # an empty file is none, but the library is there
    try:
        try:
            return _decode(open_heif, content, most)
        except (ValueError, TypeError, RuntimeError):
            for part in ASIDE:
                content = part.sub(b"free", content)
            return _decode(open_heif, content, most)
    except SyntaxError as error:
        return {"unsupported": str(error)}, b""
    except (ValueError, TypeError, LookupError, EOFError, RuntimeError, OSError, MemoryError) as error:
        return {"damaged": str(error).strip().rstrip(".") or type(error).__name__}, b""


def _decode(open_heif: Callable[..., Any], content: bytes, most: int) -> tuple[dict[str, Any], bytes]:
    found = next((image for image in open_heif(content, convert_hdr_to_8bit=False) if image.info["primary"]), None)
    if found is None:
        raise SyntaxError("its main picture is coded in another way")
    codes = found.info.get("nclx_profile") or {}
    says = {
        "size": found.size, "mode": found.mode, "bits": found.info["bit_depth"],
        "profile": found.info.get("icc_profile", b"").hex(),
        "codes": [codes["color_primaries"], codes["transfer_characteristics"]] if codes else None,
    }  # fmt: skip
    if found.size[0] * found.size[1] > most:
        return says, b""
    if found.mode == "I;16":
        raise SyntaxError("grey of more than 8 bits")   # which pi-heif writes past its memory for, if the header lies
    pixels = bytes(found.data)
    return {**says, "size": found.size}, pixels         # its size may be another once it is decoded


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))


if __name__ == "__main__":
    _limit_memory()
    facts, raw = main(sys.stdin.buffer.read(), int(sys.argv[1]))
    sys.stdout.buffer.writelines((json.dumps(facts).encode(), b"\n", raw))
