"""Small videos made by the second FFmpeg, and their frames as it counts them."""

from pathlib import Path

from mediatrans.media.ffmpeg import run_ffmpeg

__all__ = ["SOUND", "ffmpeg", "picture", "shown_frames", "sound"]


def ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg, which must succeed."""
    code, _, log = run_ffmpeg(["-y", "-loglevel", "error", *map(str, arguments)], timeout_s=60)
    assert code == 0, log


def picture(seconds: float = 1, size: str = "96x64", draw: str = "testsrc2") -> tuple[str, ...]:
    """The input of a video of 25 frames per second."""
    options = f"{':' if '=' in draw else '='}size={size}:rate=25:duration={seconds}"
    return ("-f", "lavfi", "-i", draw + options)


def sound(seconds: float = 1) -> tuple[str, ...]:
    """The input of a tone."""
    return ("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}")


SOUND = sound()


def shown_frames(path: Path) -> int:
    """The number of frames that the second FFmpeg decodes."""
    arguments = ["-i", f"file:{path}", "-map", "0:v:0", "-fps_mode", "passthrough"]
    lines: list[str] = []
    run_ffmpeg(
        ["-loglevel", "quiet", *arguments, "-f", "framecrc", "-"],
        timeout_s=60,
        each_line=lines.append,
    )
    return sum(line.startswith("0,") for line in lines)
