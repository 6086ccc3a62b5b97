"""Sound for films: any file that holds some becomes AAC of the film's length. PyAV decodes it; no program is started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from studio.language import sentence
from studio.media import MediaError
from studio.media.codecs import film_problem
from studio.media.container import address, open_container, with_page_sums
from studio.media.disk import check_room
from studio.names import readable

Samples = NDArray[np.float32]
"""[2, N]: left and right, from -1 to 1, RATE a second."""

RATE = 48_000
FADE = 1.5                             # seconds over which sound ends when it is longer than the film
SPARE = 0.1                            # seconds by which it may be longer and still end by itself: codecs add some silence
BYTES = 48_000                         # a second of it takes less, coded
ADVICE = sentence("Use WAV, MP3, M4A, OGG or FLAC.")
OTHERS = (
    (b"\x89PNG", sentence("a picture")), (b"\xff\xd8\xff", sentence("a picture")), (b"GIF8", sentence("a picture")),
    (b"PK\3\4", sentence("a ZIP archive")), (b"%PDF", sentence("a PDF document")), (b"MThd", sentence("a file of notes (MIDI)")),
    (b"#EXTM3U", sentence("a list of other files")), (b"<", sentence("a web page or another text")),
)
"""How files begin that are taken for sound, and what they are."""
SOUNDS = (
    b"RIFF", b"RF64", b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"ID3", b"FORM", b"wvpk", b"\xff\xf1", b"\xff\xf9", b"\xff\xfb",
    b"\xff\xf3",
)
"""How files of sound begin; those of the MP4 kind have `ftyp` in the fifth place."""


def encode_sound(audio: Path, out: Path, seconds: float, offset: float = 0.0, gain: float = 0.0) -> float:
    """Write the sound of a file as AAC in an MP4.

    Args:
        audio: any file with sound: its tags, its length and what else it holds are not looked at.
        out: the new file.
        seconds: the most that is written; sound that is longer fades out there, over at most half of that time.
        offset: seconds of silence before the sound; negative: so much of its beginning is left out.
        gain: decibels by which it is made louder.

    Returns:
        The seconds that were written.

    Raises:
        MediaError: there is no sound that can be read, for a reason that the message names, or the disk is full, or this
            machine cannot code sound.
    """
    problem = film_problem()
    if problem:
        raise MediaError(problem)
    check_room(out.parent, need=int(seconds * BYTES))
    with av.open(address(out), "w", format="mp4") as film:
        stream = film.add_stream("aac", rate=RATE, layout="stereo")
        stream.bit_rate = 192_000
        written = 0
        for chunk in cut(amplify(shift(read_sound(audio), round(offset * RATE)), gain), round(seconds * RATE)):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(chunk), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, written
            written += chunk.shape[1]
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return written / RATE


def shift(chunks: Iterator[Samples], samples: int) -> Iterator[Samples]:
    """Chunks of sound behind so many samples of silence; of a negative number, without so many of its first samples."""
    for start in range(0, samples, RATE):
        yield np.zeros((2, min(RATE, samples - start)), np.float32)
    skip = max(0, -samples)
    for chunk in chunks:
        if rest := chunk[:, skip:].shape[1]:
            yield chunk[:, skip:]
        skip -= chunk.shape[1] - rest
    yield np.zeros((2, 1), np.float32)                             # also where nothing of it is left


def amplify(chunks: Iterator[Samples], gain: float) -> Iterator[Samples]:
    """Chunks of sound, louder by so many decibels; what becomes too loud is cut off at the loudest."""
    factor = 10 ** (gain / 20)
    yield from ((chunk * factor).clip(-1, 1) if gain else chunk for chunk in chunks)


def peaks(audio: Path, rate: int) -> NDArray[np.uint8]:
    """The loudest sample in each part of a sound, 0 to 255, `rate` parts a second: what a waveform is drawn from.

    Raises:
        MediaError: as `read_sound`.
    """
    part, found, rest = RATE // rate, list[NDArray[np.float32]](), np.zeros(0, np.float32)
    for chunk in read_sound(audio):
        rest = np.concatenate([rest, np.abs(chunk).max(axis=0)])
        whole = len(rest) // part * part
        found.append(rest[:whole].reshape(-1, part).max(axis=1))
        rest = rest[whole:]
    if len(rest):
        found.append(rest.max(keepdims=True))
    return np.rint(np.concatenate(found).clip(0, 1) * 255).astype(np.uint8)


def cut(chunks: Iterator[Samples], length: int) -> Iterator[Samples]:
    """Chunks of sound until there are `length` samples; where more would come, the last ones fade out."""
    fade, rest, done = min(round(FADE * RATE), length // 2), np.zeros((2, 0), np.float32), 0
    for chunk in chunks:
        rest = np.concatenate([rest, chunk], axis=1)
        if done + rest.shape[1] > length + SPARE * RATE:
            tail = rest[:, : length - done]
            if fade:
                tail[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
            yield tail
            return
        ready = min(rest.shape[1] - fade, length - fade - done)
        if ready > 0:
            yield rest[:, :ready]
            rest, done = rest[:, ready:], done + ready
    if rest.shape[1]:
        yield rest[:, : length - done]


def read_sound(audio: Path) -> Iterator[Samples]:
    """The sound of a file from its start, in chunks of about a second. Damaged places are left out.

    Raises:
        MediaError: there is none that can be read; the message names the reason.
    """
    name = readable(audio.name)
    try:
        with _open(audio) as container:
            stream = _sound_of(container, name)
            parts: list[Samples] = []
            ready = total = 0
            for part in _decode(container, stream, name):
                parts.append(part)
                ready += part.shape[1]
                if ready >= RATE:
                    yield np.concatenate(parts, axis=1)
                    parts, ready, total = [], 0, total + ready
            if not parts and not total:
                raise MediaError(sentence(
                    "The sound in {name} has no length: nothing was recorded in it. Choose another file.", name=name))
            if ready or not total:
                yield np.concatenate(parts, axis=1) if ready else np.zeros((2, 1), np.float32)
    except FileNotFoundError as error:
        raise MediaError(sentence(
            "{name} is not there any more: it was moved or deleted. Choose the sound again.", name=name)) from error
    except IsADirectoryError as error:
        raise MediaError(sentence("{name} is a folder. Choose a file with sound in it.", name=name)) from error
    except PermissionError as error:
        raise MediaError(sentence("{name} may not be read. Change its permissions or choose a copy.", name=name)) from error
    except EOFError as error:
        raise MediaError(sentence(
            "{name} is cut short: it ends before its sound begins. Copy it again, or choose another.", name=name)) from error
    except (ValueError, av.DemuxerNotFoundError) as error:
        raise MediaError(_what_is_wrong(audio, name)) from error
    except (av.FFmpegError, OSError) as error:
        raise MediaError(sentence(
            "{name} could not be read to its end ({reason}). Copy it again.",
            name=name, reason=error.strerror or str(error))) from error


@contextmanager
def _open(audio: Path) -> Iterator[InputContainer]:
    """Open a file for its sound, an Ogg file with wrong checksums as well."""
    with audio.open("rb") as file:
        start = file.read(4)
    if not start:
        raise MediaError(sentence(
            "{name} is empty: it has 0 bytes. Copy it again, or choose another.", name=readable(audio.name)))
    try:
        container = open_container(audio)
    except av.InvalidDataError:
        if start != b"OggS":
            raise
        container = open_container(with_page_sums(audio.read_bytes()))
    with container:
        yield container


def _what_is_wrong(audio: Path, name: str) -> str:
    """Why a file cannot be opened as sound, by its first bytes."""
    with audio.open("rb") as file:
        start = file.read(512)
    kind = next((what for begins, what in OTHERS if start.lstrip().startswith(begins)), None)
    if kind is None and start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        kind = sentence("a picture")
    if kind is None and (start.startswith(SOUNDS) or start[4:8] == b"ftyp"):
        return sentence(
            "{name} is damaged or cut short: where its sound lies can no longer be read. Copy it again, or save it again.",
            name=name)
    if kind is None and not start.translate(None, delete=TEXT):
        kind = sentence("a text")
    if kind is None:
        return sentence("{name} is not a file of sound that is known here. {advice}", name=name, advice=ADVICE)
    return sentence("{name} is {kind}, not sound. {advice}", name=name, kind=kind, advice=ADVICE)


TEXT = bytes([9, 10, 12, 13, *range(32, 127), *range(128, 256)])
"""The bytes that texts consist of."""


def _sound_of(container: InputContainer, name: str) -> AudioStream:
    """The stream to take the sound from. Raises MediaError: there is none that can be decoded."""
    if not container.streams.audio:
        if container.streams.video:
            raise MediaError(sentence("{name} holds pictures and no sound. {advice}", name=name, advice=ADVICE))
        raise MediaError(sentence("{name} holds no sound. {advice}", name=name, advice=ADVICE))
    usable = [stream for stream in container.streams.audio if stream.codec_context is not None]
    best = container.streams.best("audio")
    if not usable:
        raise MediaError(sentence(
            "The sound in {name} is coded in a way that cannot be read, or is protected. {advice}", name=name, advice=ADVICE))
    return best if isinstance(best, AudioStream) and best in usable else usable[0]


def _decode(container: InputContainer, stream: AudioStream, name: str) -> Iterator[Samples]:
    """The sound of a stream as stereo at RATE, frame by frame.

    Raises:
        MediaError: it is damaged, and nothing of it can be decoded.
    """
    resampler, form = AudioResampler("fltp", "stereo", RATE), None
    damage: list[Exception] = []
    for frame in _frames(container, stream, damage):
        frame = _with_places(frame)
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form not in (None, shape):                              # another part of a chained file
            yield from map(_samples, resampler.resample(None))
            resampler = AudioResampler("fltp", "stereo", RATE)
        form, frame.pts = shape, None
        yield from map(_samples, resampler.resample(frame))
    if form:
        yield from map(_samples, resampler.resample(None))
        yield np.zeros((2, 0), np.float32)                         # so that some sound comes, however short it was
    elif damage or stream.duration:
        raise MediaError(sentence(
            "The sound in {name} is damaged: none of it can be decoded. Save it again. {advice}", name=name, advice=ADVICE)) from (
            damage[0] if damage else None
        )


def _with_places(frame: av.AudioFrame) -> av.AudioFrame:
    """The frame with the usual places for its channels, where its file names none; more than eight become their mean."""
    if not frame.layout.name.endswith(" channels"):
        return frame
    channels = frame.layout.nb_channels
    values = frame.to_ndarray()
    rows = values.T if frame.format.is_planar else values.reshape(-1, channels)      # [samples, channels]
    if channels not in LAYOUTS:
        rows = rows.mean(axis=1, keepdims=True).astype(values.dtype)
    packed: Any = np.ascontiguousarray(rows).reshape(1, -1)
    result = av.AudioFrame.from_ndarray(packed, format=frame.format.packed.name, layout=LAYOUTS.get(channels, "mono"))
    result.sample_rate = frame.sample_rate
    return result


LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""The usual places of channels, by their number, as FFmpeg takes them."""


def _frames(container: InputContainer, stream: AudioStream, damage: list[Exception]) -> Iterator[av.AudioFrame]:
    """The frames of a stream; packets that cannot be decoded are left out, and their errors added to `damage`."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            frames = packet.decode()
        except av.EOFError:
            return
        except (av.InvalidDataError, av.PatchWelcomeError) as error:
            damage.append(error)
            continue
        yield from (frame for frame in frames if isinstance(frame, av.AudioFrame))


def _samples(frame: av.AudioFrame) -> Samples:
    values: Any = frame.to_ndarray()
    return np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0).clip(-1, 1).astype(np.float32)
