"""Sound that Matroska has no name for becomes FLAC, and nothing of it is lost."""

import logging
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.clips import packets_of, translate
from tests.media.ffmpeg_clips import ffmpeg, picture, sound


def samples_of(path: Path) -> np.ndarray:
    """All samples of the sound, as whole numbers of 32 bits."""
    with av.open(str(path)) as container:
        decoder = container.streams.audio[0].codec_context
        resampler = av.AudioResampler(format="s32", layout="mono", rate=decoder.sample_rate)
        parts = [
            part.to_ndarray()
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.avi", ("adpcm_ms",)), ("b.wmv", ("wmav2",)), ("c.flv", ("nellymoser", "-ar", "22050")),
        ("d.vob", ("pcm_dvd", "-ar", "48000", "-ac", "2", "-sample_fmt", "s32")),
    ],
)  # fmt: skip
def test_sound_without_a_name_in_matroska_is_kept_as_flac(
    tmp_path: Path, name: str, codec: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / name
    video = {".flv": "flv1", ".vob": "mpeg2video", ".wmv": "wmv2"}.get(source.suffix, "mpeg4")
    ffmpeg(*picture(0.4), *sound(0.4), "-c:v", video, "-c:a", *codec, source)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mkv", verification="full")
    assert "is converted to flac for matroska" in caplog.text
    found, wanted = samples_of(output), samples_of(source)
    # Lossy decoders give fractions, which FLAC rounds to 16 bits.
    tolerance = 0 if codec[0] in ("adpcm_ms", "pcm_dvd") else 2**16
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted).max() <= tolerance


@pytest.mark.parametrize("seconds_per_sample", [(1, 1), (1, 2**31)], ids=["slow", "fast"])
@pytest.mark.parametrize("codec", ["pcm_s16le", "adpcm_ms"])
def test_a_damaged_clock_of_the_sound_does_not_stop_the_video(
    tmp_path: Path,
    codec: str,
    seconds_per_sample: tuple[int, int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = tmp_path / "in.avi"
    ffmpeg(*picture(0.4), *sound(20), "-c:v", "mpeg4", "-c:a", codec, source)
    content = bytearray(source.read_bytes())
    at = content.index(b"auds") + 20
    assert struct.unpack_from("<I", content, at + 12)[0] > 10  # samples or blocks
    scale, rate = seconds_per_sample
    struct.pack_into("<II", content, at, scale * 200_000 if rate == 1 else scale, rate)
    source.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        output = translate(source, tmp_path / "out.mkv", verification="full")
    assert len(packets_of(output, "video")) == 10
    assert ("damaged parts of other streams are left out" in caplog.text) == (rate == 1)
