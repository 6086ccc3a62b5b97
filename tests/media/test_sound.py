"""Sound as it really comes: any kind of file, any tags, any length; and a sentence of its own for each that cannot be used."""

from __future__ import annotations

import io
import struct
import time
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from studio.media import MediaError
from studio.media.container import with_page_sums
from studio.media.export import TITLE_SECONDS, compose
from studio.media.sound import RATE, amplify, cut, encode_sound, peaks, read_sound, shift
from tests.media.sounds import saved, tone

CASES = Path(__file__).parent / "cases"


def heard(audio: Path) -> np.ndarray:
    return np.concatenate(list(read_sound(audio)), axis=1)


def written(audio: Path, out: Path, seconds: float) -> np.ndarray:
    encode_sound(audio, out, seconds)
    with av.open(str(out)) as file:
        return np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("a.mp3", "libmp3lame", 44_100), ("a.opus", "libopus", 48_000), ("a.flac", "flac", 44_100), ("a.m4a", "aac", 44_100),
     ("alac.m4a", "alac", 44_100), ("a.aac", "aac", 22_050), ("a.webm", "libopus", 48_000), ("a.mka", "libopus", 48_000),
     ("a.wav", "pcm_s16le", 44_100), ("deep.wav", "pcm_s24le", 44_100), ("float.wav", "pcm_f32le", 44_100),
     ("a.wma", "wmav2", 44_100), ("a.mkv", "aac", 44_100),
     ("slow.wav", "pcm_s16le", 8_000), ("fast.wav", "pcm_s24le", 96_000), ("coarse.wav", "pcm_u8", 44_100),
     ("a.aiff", "pcm_s16be", 44_100), ("a.ac3", "ac3", 44_100), ("a.wv", "wavpack", 44_100), ("a.mov", "aac", 44_100)],
)
def test_every_kind_of_file(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    audio = saved(tmp_path / name, codec, tone(1.5, rate), rate, title="Café – 東京", artist="ñ")
    sound = heard(audio)
    assert sound.shape[1] / RATE == pytest.approx(1.5, abs=0.08) and sound.dtype == np.float32
    middle = sound[0, RATE // 2 : RATE]
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.1)
    assert np.argmax(np.abs(np.fft.rfft(middle))) / (len(middle) / RATE) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("layout", ["mono", "stereo", "2.1", "quad", "5.0", "5.1"])
def test_any_number_of_channels(tmp_path: Path, layout: str) -> None:
    channels = av.AudioLayout(layout).nb_channels
    sound = heard(saved(tmp_path / "a.wav", "pcm_s16le", tone(0.5, channels=channels), layout=layout))
    assert sound.shape == (2, RATE // 2) and 0.2 < np.abs(sound).max() <= 1


def test_channels_whose_places_are_not_told(tmp_path: Path) -> None:
    for channels in (1, 2, 3, 4, 5, 6, 7, 8, 9, 24):
        with wave.open(str(tmp_path / "a.wav"), "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((tone(0.5, RATE, channels).T * 32767).astype("<i2").tobytes())
        assert heard(tmp_path / "a.wav").shape == (2, RATE // 2), channels


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("comment_latin1.ogg", 1.0), ("id3v1_only_latin1.mp3", 1.0), ("mediarecorder.webm", 2.0), ("tiny20ms.wav", 0.02)],
)
def test_sounds_of_public_reports(tmp_path: Path, clip: Callable[..., Path], name: str, seconds: float) -> None:
    sound = heard(CASES / name)
    assert sound.shape[1] / RATE >= seconds * 0.95 and np.abs(sound).max() > 0.02
    compose(clip("film.mp4", frames=24), tmp_path / "out.mp4", audio=CASES / name)
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert film.streams.audio[0].codec_context.name == "aac"
        assert max(np.abs(frame.to_ndarray()).max() for frame in film.decode(audio=0)) > 0.02


@pytest.mark.parametrize("text", [b"Caf\xe9", b"\xff\xfe\x00\xd8", b"\x93\xfa\x96{", b"\x00\x01\x02\x03", b"\xc3("])
def test_tags_in_any_encoding(tmp_path: Path, text: bytes) -> None:
    plain = saved(tmp_path / "a.mp3", "libmp3lame", tone(1)).read_bytes()
    sound = plain[plain.index(b"\xff\xfb") :]
    old = sound + b"TAG" + text.ljust(125, b" ")
    body = b"TIT2" + struct.pack(">IH", len(text) + 1, 0) + b"\0" + text
    new = b"ID3\3\0\0\0\0\0" + bytes([len(body)]) + body + sound
    riff = saved(tmp_path / "a.wav", "pcm_s16le", tone(1)).read_bytes()
    info = b"INFOINAM" + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
    listed = riff + b"LIST" + struct.pack("<I", len(info)) + info
    flac = saved(tmp_path / "a.flac", "flac", tone(1), title="X" * len(text)).read_bytes().replace(b"X" * len(text), text)
    opus = saved(tmp_path / "a.opus", "libopus", tone(1, RATE), RATE, title="X" * len(text)).read_bytes()
    assert b"X" * len(text) in opus
    files = {"old.mp3": old, "new.mp3": new, "listed.wav": listed, "a.flac": flac, "a.opus": opus.replace(b"X" * len(text), text)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        assert heard(tmp_path / name).shape[1] / RATE == pytest.approx(1, abs=0.06), name


def test_page_sums_of_ogg_are_those_of_the_format(tmp_path: Path) -> None:
    whole = saved(tmp_path / "a.opus", "libopus", tone(2, RATE), RATE).read_bytes()
    assert with_page_sums(whole) == whole
    without = bytearray(whole)
    without[22:26] = b"\0\0\0\0"
    assert with_page_sums(bytes(without)) == whole
    assert with_page_sums(whole[:50])[:22] == whole[:22] and with_page_sums(b"OggS") == b"OggS" and with_page_sums(b"") == b""


@pytest.mark.parametrize("samples", [1, 10, 100, 882, 4410])
def test_very_short_sounds(tmp_path: Path, clip: Callable[..., Path], samples: int) -> None:
    for name, codec in (("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.mp3", "libmp3lame")):
        audio = saved(tmp_path / name, codec, tone(samples / 44_100))
        assert heard(audio).shape[1] > 0
        compose(clip("film.mp4", frames=3), tmp_path / "out.mp4", audio=audio)


def test_a_length_that_is_a_lie(tmp_path: Path) -> None:
    raw = saved(tmp_path / "a.wav", "pcm_s16le", tone(1)).read_bytes()
    place = raw.index(b"data") + 4
    for length in (0, 100, 2**31, 2**32 - 1):
        (tmp_path / "b.wav").write_bytes(raw[:place] + struct.pack("<I", length) + raw[place + 4 :])
        seconds = heard(tmp_path / "b.wav").shape[1] / RATE
        assert seconds == pytest.approx(100 / 4 / 44_100 if length == 100 else 1, abs=0.01)


def test_damage_in_the_middle_and_values_that_are_no_numbers(tmp_path: Path) -> None:
    for name, codec in (("a.mp3", "libmp3lame"), ("a.flac", "flac"), ("a.opus", "libopus"), ("a.mka", "aac")):
        raw = bytearray(saved(tmp_path / name, codec, tone(4, RATE), RATE).read_bytes())
        raw[len(raw) // 2 : len(raw) // 2 + 200] = bytes(200)
        (tmp_path / name).write_bytes(raw)
        assert heard(tmp_path / name).shape[1] / RATE > 1.5, name
    values = tone(1)
    values[:, 1000:2000], values[:, 3000:3100] = np.nan, np.inf
    sound = written(saved(tmp_path / "a.wav", "pcm_f32le", values), tmp_path / "out.m4a", 5)
    assert np.isfinite(sound).all() and np.abs(sound).max() < 1.3


def test_a_recording_in_fragments_of_no_told_length(tmp_path: Path) -> None:
    """As browsers record: MP4 in fragments, and WebM without a length or an index."""
    for name, codec, options in (("a.mp4", "aac", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
                                 ("a.webm", "libopus", {"live": "1"})):
        with av.open(str(tmp_path / name), "w", options=options) as file:
            stream = file.add_stream(codec, rate=RATE, layout="stereo")
            frame = av.AudioFrame.from_ndarray(tone(2, RATE), format="fltp", layout="stereo")
            frame.sample_rate = RATE
            file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        assert heard(tmp_path / name).shape[1] / RATE == pytest.approx(2, abs=0.05)


def test_a_chain_of_files_with_different_rates(tmp_path: Path) -> None:
    parts = [saved(tmp_path / f"{rate}.mp3", "libmp3lame", tone(1, rate), rate).read_bytes() for rate in (44_100, 48_000, 22_050)]
    (tmp_path / "chain.mp3").write_bytes(b"".join(part[part.index(b"\xff", 40) :] for part in parts[:2]))
    assert heard(tmp_path / "chain.mp3").shape[1] / RATE == pytest.approx(2, abs=0.2)


def test_the_sound_of_a_film_and_of_a_file_with_a_cover(tmp_path: Path, clip: Callable[..., Path]) -> None:
    film = clip("silent.mp4", frames=24)
    compose(film, tmp_path / "loud.mp4", audio=saved(tmp_path / "a.wav", "pcm_s16le", tone(1)))
    assert heard(tmp_path / "loud.mp4").shape[1] / RATE == pytest.approx(1, abs=0.05)
    compose(film, tmp_path / "again.mp4", audio=tmp_path / "loud.mp4")


def test_silence_is_sound(tmp_path: Path) -> None:
    assert not written(saved(tmp_path / "a.wav", "pcm_s16le", tone(1) * 0), tmp_path / "out.m4a", 3).any()


@pytest.mark.parametrize(("seconds", "film"), [(9.0, 2.0), (3.0, 0.5), (1.0, 0.04)])
def test_longer_sound_ends_softly_within_half_the_film(tmp_path: Path, seconds: float, film: float) -> None:
    sound = written(saved(tmp_path / "a.wav", "pcm_s16le", tone(seconds)), tmp_path / "out.m4a", film)
    length = round(film * RATE)
    assert length <= sound.shape[1] < length + 2048
    assert np.abs(sound[:, length - 60 : length]).max() < 0.1
    if film > 0.1:
        assert np.abs(sound[:, : length // 2]).max() > 0.45, "the first half is as loud as it was"


def test_chunks_are_cut_to_the_sample() -> None:
    whole = np.arange(20_000, dtype=np.float32)[None].repeat(2, 0)
    for size in (1, 999, 7000, 20_000):
        for length in (1, 500, 12_000, 19_990, 20_000, 30_000):
            chunks = (whole[:, i : i + size] for i in range(0, 20_000, size))
            if size == 1 and length > 500:
                continue
            parts = np.concatenate(list(cut(chunks, length)), axis=1)
            assert parts.shape[1] == min(length, 20_000)
            assert np.array_equal(parts[:, : length // 2], whole[:, : length // 2])
            faded = length + 4800 < 20_000
            assert np.array_equal(parts, whole[:, :length]) != (faded and length > 1)


def test_a_long_film_is_read_quickly_and_in_small_pieces(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(4 * RATE * 240))
    began = time.perf_counter()
    assert max(chunk.shape[1] for chunk in cut(read_sound(tmp_path / "a.wav"), 240 * RATE)) < 5 * RATE
    assert time.perf_counter() - began < 20


def contents(tmp_path: Path, clip: Callable[..., Path]) -> dict[str, tuple[bytes, str]]:
    m4a = saved(tmp_path / "whole.m4a", "aac", tone(1)).read_bytes()
    flac = saved(tmp_path / "whole.flac", "flac", tone(1)).read_bytes()
    start = flac.index(b"\xff\xf8")
    empty = io.BytesIO()
    with wave.open(empty, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
    return {
        "empty.mp3": (b"", "is empty: it has 0 bytes"),
        "notes.mp3": (b"la la la", "is a text, not sound"),
        "page.mp3": (b"\n<!DOCTYPE html><title>404</title>", "is a web page or another text"),
        "cover.mp3": ((CASES / "p3_rgb.png").read_bytes(), "is a picture, not sound"),
        "score.mid": (b"MThd\0\0\0\6\0\1", r"is a file of notes \(MIDI\)"),
        "list.m3u8": (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n", "is a list of other files"),
        "cut.m4a": (m4a[: len(m4a) // 2], "is damaged or cut short"),
        "torn.flac": (flac[:start] + bytes(len(flac) - start), "is damaged: none of it can be decoded"),
        "film.mp4": (clip("film.mp4").read_bytes(), "holds pictures and no sound"),
        "blank.wav": (empty.getvalue(), "has no length: nothing was recorded"),
        "noise.mp3": (np.random.default_rng(0).integers(0, 256, 64, np.uint8).tobytes(), "is not a file of sound that is known"),
    }


def test_each_cause_has_a_sentence_of_its_own(tmp_path: Path, clip: Callable[..., Path]) -> None:
    film, folder = clip("pictures.mp4"), tmp_path / "files"
    folder.mkdir()
    sentences = []
    for name, (content, says) in contents(tmp_path, clip).items():
        (folder / name).write_bytes(content)
        with pytest.raises(MediaError, match=says) as caught:
            compose(film, folder / "out.mp4", audio=folder / name)
        sentences.append(caught.value.message.replace(name, ""))
        assert name in caught.value.message and caught.value.message.endswith(".")
        (folder / name).unlink()
        assert list(folder.iterdir()) == [], "no half film and no parts of it"
    for audio, says in ((folder / "gone.mp3", "is not there any more"), (folder, "is a folder")):
        with pytest.raises(MediaError, match=says):
            compose(film, folder / "out.mp4", audio=audio)
    assert len(set(sentences)) == len(sentences)


def test_names_of_any_bytes_and_with_colons(tmp_path: Path, clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    film, audio = clip("film.mp4"), saved(tmp_path / "a.wav", "pcm_s16le", tone(1))
    monkeypatch.chdir(tmp_path)
    for name in ("a:b.wav", "data:,x.wav", "Übergang.wav", "caf\udce9.wav"):
        odd = audio.rename(tmp_path / name)
        compose(Path("film.mp4"), Path("out:1.mp4"), audio=Path(name))
        odd.rename(audio)
    (tmp_path / "caf\udce9.wav").write_bytes(b"")
    with pytest.raises(MediaError, match="caf\ufffd"):
        compose(film, tmp_path / "out.mp4", audio=tmp_path / "caf\udce9.wav")


@pytest.mark.parametrize("offset", [0.0, 0.4, 2.5, -0.3, -2.0, -9.0])
def test_a_sound_begins_where_it_is_placed(tmp_path: Path, offset: float) -> None:
    """In pieces as it is read, as all at once: silence before it, or its beginning left out."""
    sound = heard(saved(tmp_path / "a.wav", "pcm_s16le", tone(2.0, RATE), RATE))
    samples = round(offset * RATE)
    expected = np.concatenate([np.zeros((2, max(0, samples)), np.float32), sound[:, max(0, -samples) :]], axis=1)
    chunks = [sound[:, at : at + 30_000] for at in range(0, sound.shape[1], 30_000)]
    found = np.concatenate(list(shift(iter(chunks), samples)), axis=1)
    np.testing.assert_array_equal(found[:, : expected.shape[1]], expected)
    assert not found[:, expected.shape[1] :].any()


def test_a_louder_sound_is_cut_off_at_the_loudest() -> None:
    quiet, loud = (next(amplify(iter([tone(0.1)]), gain)) for gain in (-20.0, 12.0))
    assert np.abs(quiet).max() == pytest.approx(0.05, rel=0.01) and np.abs(loud).max() == 1.0
    np.testing.assert_array_equal(next(amplify(iter([tone(0.1)]), 0.0)), tone(0.1))


def test_the_peaks_of_a_sound(tmp_path: Path) -> None:
    sound = np.concatenate([tone(0.5, RATE), np.zeros((2, RATE // 2), np.float32), 0.5 * tone(0.51, RATE)], axis=1)
    found = peaks(saved(tmp_path / "a.wav", "pcm_f32le", sound, RATE), 10)
    assert len(found) == 16 and found[:5].tolist() == [128] * 5 and not found[5:10].any() and found[12] == 64


def test_a_films_own_sound_begins_behind_its_title(tmp_path: Path, clip: Callable[..., Path]) -> None:
    film, music = clip("film.mp4", frames=24), saved(tmp_path / "a.wav", "pcm_s16le", tone(0.5))
    compose(film, tmp_path / "out.mp4", title="Sea", audio=music, offset=1.0, gain=6.0)
    sound = np.abs(heard(tmp_path / "out.mp4")[0])
    begins = next(at for at in range(0, len(sound), 480) if sound[at : at + 480].max() > 0.2) / RATE
    assert begins == pytest.approx(TITLE_SECONDS + 1.0, abs=0.1)
    assert sound.max() > 0.8, "six decibels louder"
