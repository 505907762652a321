"""What is noted of checked frames: read back as it was, and refused where it is damaged."""

import json
from typing import Any

import numpy as np
import pytest

from mediatrans.conversion.noted_figures import NotedFigures, noted_figures, read_figures
from mediatrans.files.records import RecordError
from mediatrans.quality.capture import Raw
from mediatrans.quality.cycle import CycleFigures

PICTURE = np.random.default_rng(0).integers(0, 256, (31, 45, 3), dtype=np.uint8)
FIGURES = CycleFigures(24.5, 0.8, 9.0, (45, 31))


def table() -> Any:
    noted = NotedFigures({60: FIGURES, 120: FIGURES}, {120: Raw.of_frame(FIGURES, PICTURE)})
    return json.loads(json.dumps(noted_figures(noted)))


def test_notes_are_read_as_they_were_written() -> None:
    noted = read_figures(table())
    assert noted.figures == {60: FIGURES, 120: FIGURES}
    (raw,) = noted.raws.values()
    assert list(noted.raws) == [120]
    assert raw.figures == FIGURES
    assert raw.fits(PICTURE)
    assert (raw.trace == raw.of(PICTURE)).all()


def test_notes_without_pixels_are_read() -> None:
    noted = read_figures({"5": {"psnr_db": 20.0, "ssim": 0.5, "l1": 3.0}})
    assert noted == NotedFigures({5: CycleFigures(20.0, 0.5, 3.0)}, {})


@pytest.mark.parametrize(
    "damaged",
    [{"trace": "!"}, {"trace": "AAAA"}, {"trace": 3}, {"size": None}, {"size": [46, 31]}, {"x": 1}],
)
def test_damaged_notes_are_refused(damaged: dict[str, Any]) -> None:
    notes = table()
    notes["120"] |= damaged
    with pytest.raises(RecordError):
        read_figures(notes)
