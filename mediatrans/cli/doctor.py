"""`mediatrans doctor`: shows installed versions, tries the devices, and checks the ffmpeg."""

import importlib.metadata
import platform

import click

from mediatrans import __version__
from mediatrans.cli.command import Command
from mediatrans.cli.terminal import echo
from mediatrans.errors import ExitCode, MediatransError

_PACKAGES = (
    "av",
    "click",
    "ffmpeg-python",
    "imageio-ffmpeg",
    "numpy",
    "onnx",
    "onnxscript",
    "opencv-python-headless",
    "openvino",
    "pillow",
    "torch",
    "torchvision",
)

_EXAMPLES = (
    (
        "doctor",
        "Show what is installed and what works.",
    ),
)


@click.command(
    "doctor",
    cls=Command,
    examples=_EXAMPLES,
    short_help="Show versions, the ffmpeg and the devices that work.",
)
def command() -> int:
    """Show installed versions, the ffmpeg in use, and the devices that work.

    Exits with 5 if convert cannot run on this machine.
    """
    click.echo(f"mediatrans {__version__}, Python {platform.python_version()}")
    for package in _PACKAGES:
        click.echo(f"  {package}: {_version(package) or 'not installed'}")
    problems = [*_check_ffmpeg(), *_check_encoders(), *_check_devices()]
    for problem in problems:
        echo(f"problem: {problem}", err=True)
    click.echo(f"convert {'cannot' if problems else 'can'} run on this machine")
    return ExitCode.DEVICE if problems else ExitCode.OK


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _check_ffmpeg() -> list[str]:
    from mediatrans.media.ffmpeg import find_ffmpeg, run_ffmpeg

    try:
        path = find_ffmpeg()
        code, out, errors = run_ffmpeg(["-version"], timeout_s=20)
    except (MediatransError, TimeoutError) as error:
        return [str(error)]
    if code != 0:
        return [f"{path} -version exits with {code}: {errors.strip()}"]
    echo(f"ffmpeg: {path}, {out.splitlines()[0] if out else 'unknown version'}")
    return []


def _check_encoders() -> list[str]:
    import av

    missing = {"libx264", "libvpx-vp9"} - av.codecs_available
    click.echo(f"PyAV's FFmpeg: libavcodec {'.'.join(map(str, av.library_versions['libavcodec']))}")
    return [f"PyAV was built without {name}; install its wheel from PyPI" for name in missing]


def _check_devices() -> list[str]:
    from mediatrans.translate.engines.choice import compiled_in, installed, try_devices

    for runtime, parts in compiled_in().items():
        click.echo(f"{runtime}: {', '.join(parts)}")
    devices = try_devices()
    for device, problem in devices.items():
        formats = ", ".join(number_format for _, number_format in installed([device]))
        echo(f"  {device}: {problem or f'works, in {formats}'}")
    if not any(device.startswith("cuda") for device in devices):
        click.echo("  no usable CUDA device")
    return [f"the CPU provider does not work: {devices['cpu']}"] if devices["cpu"] else []
