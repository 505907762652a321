"""Reports with figures and pictures, made without a conversion."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from mediatrans.errors import ExitCode
from mediatrans.files.walk import LeftOut
from mediatrans.quality.figures import FIGURES, FileFigures, Moment
from mediatrans.quality.report.conversion_page import conversion_page
from mediatrans.quality.report.document import Document
from mediatrans.quality.report.page import page_parts
from mediatrans.quality.report.rows import JobReport, Report
from mediatrans.quality.samples import Place, Sample
from mediatrans.quality.verdict import Verdict
from mediatrans.zoo.find import Generator
from mediatrans.zoo.size_rule import SizeRule

MADE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
HOSTILE = "<script>document.title='owned'</script>\u202e&\"'.png"
VERDICTS = {
    "good": Verdict("good", "no figure is beyond its limit"),
    "doubtful": Verdict("doubtful", "it flickers more than its source", "flicker"),
    "poor": Verdict("poor", "it is a copy of its source, changed by 0.1 of 255", "change_low"),
}


def jpeg(seed: int, size: tuple[int, int]) -> bytes:
    """A photograph-like picture: as large as one of its size, which plain noise would not be."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), np.int16)
    grain = rng.normal(0, 12, smooth.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=80)
    return file.getvalue()


def sample(
    place: Place = "median", time_s: float | None = None, size: tuple[int, int] = (60, 40)
) -> Sample:
    """The pictures of a moment, each of another content."""
    index = 0 if time_s is None else round(time_s * 25)
    four = [jpeg(seed + index, size) for seed in range(4)]
    return Sample(place, index, time_s, four[0], four[1], four[2], four[3], size)


def figures(level: float, moments: int = 1) -> FileFigures:
    """All figures that a picture or a video can have; the delivered cycle begins at a level."""
    keys = [key for key in FIGURES if moments > 1 or key != "flicker"]
    series = [
        Moment(
            25 * place,
            float(place) if moments > 1 else None,
            {key: level - 0.1 * place + number for number, key in enumerate(keys)},
        )
        for place in range(moments)
    ]
    found = FileFigures.of(series, (640, 360))
    assert found is not None
    return replace(found, percentiles={"psnr_db": 0.0, "ssim": 55.0}, unlike=("psnr_db",))


def picture_row(name: str, word: str, level: float) -> JobReport:
    return JobReport(
        Path("in", name),
        Path("out", name),
        "image",
        "ok",
        frames=1,
        figures=figures(level),
        verdict=VERDICTS[word],
        samples=(sample(),),
    )


def video_row(name: str = "film.mp4", moments: int = 12) -> JobReport:
    samples = (sample("worst", 4.0), sample("median", 2.0), sample("best", 0.0))
    return JobReport(
        Path("in", name),
        Path("out", name),
        "video",
        "ok",
        frames=25 * moments,
        seconds=61.0,
        figures=figures(21.0, moments),
        verdict=VERDICTS["doubtful"],
        samples=samples,
        repeated_frames=3,
    )


def rows() -> list[JobReport]:
    """Files of every kind that a report can hold."""
    return [
        picture_row("b-good.png", "good", 30.0),
        picture_row("a-better.png", "good", 31.0),
        picture_row(HOSTILE, "good", 29.0),
        video_row(),
        picture_row("copy.png", "poor", 60.0),
        JobReport(
            Path("in/broken.png"),
            None,
            "image",
            "failed",
            error="in/broken.png: the picture is damaged; get a complete copy of the file",
            exit_code=ExitCode.INPUT,
        ),
        JobReport(Path("in/old.png"), Path("out/old.png"), "image", "skipped", reason="up to date"),
        JobReport(
            Path("in/no-check.png"), Path("out/no-check.png"), "image", "ok", notes=("a remark",)
        ),
    ]


def report_of(jobs: list[JobReport]) -> Report:
    left_out = (LeftOut(Path("in/<b>.psd"), is_hidden=False),)
    return replace(Report.of("day2night", jobs, {}), left_out=left_out)


def generator(origin: str = "day", to: str = "night") -> Generator:
    """A generator whose card knows the usual delivered cycle."""
    percents = {f"p{percent:02}": 20.0 + percent / 10 for percent in (1, 5, 25, 50, 75, 95, 99)}
    return Generator(
        path=Path("to_night.onnx"),
        origin=origin,
        to=to,
        size_rule=SizeRule(4),
        working_size=360,
        sha256=None,
        inverse_path=None,
        inverse_sha256=None,
        name="day2night",
        place="./models",
        percentiles={"psnr_db": percents},
    )


def document(
    jobs: list[JobReport] | None = None, notice: str | None = None, folder: Path = Path()
) -> Document:
    report = report_of(rows() if jobs is None else jobs)
    return conversion_page(report, generator(), folder, MADE, notice)


def page(jobs: list[JobReport] | None = None, notice: str | None = None) -> str:
    return "".join(page_parts(document(jobs, notice)))


def many_rows(count: int) -> Iterator[JobReport]:
    """Files with pictures as large as a conversion keeps them."""
    shown = sample(size=(320, 213))
    words = ("good", "doubtful", "poor")
    for number in range(count):
        row = picture_row(f"holiday/picture-{number:04}.jpg", words[number % 3], 20 + number % 17)
        yield replace(row, samples=(shown,))
