"""The verdict: the worst figure decides, relative to the card where it has the figure."""

from dataclasses import replace

import pytest

from mediatrans.quality.figures import FileFigures, Moment
from mediatrans.quality.spread import PERCENTS, place_in, read_spread, spread_of
from mediatrans.quality.verdict import pronounce

GOOD = {
    "psnr_db": 25.0,
    "hidden_db": 0.1,
    "change": 30.0,
    "change_low": 28.0,
    "structure": 0.9,
    "domain": 0.9,
    "flicker": 1.1,
}
PICTURES = [
    {"psnr_db": 20 + 0.1 * n, "change_low": 20 + 0.2 * n, "structure": 0.8 + 0.0015 * n}
    for n in range(100)
]


def figures(**values: float) -> FileFigures:
    found = FileFigures.of([Moment(0, None, GOOD | values)])
    assert found is not None
    return found


def test_good_figures_are_good() -> None:
    verdict = pronounce(figures(), {})
    assert (verdict.word, verdict.figure) == ("good", None)


@pytest.mark.parametrize(
    ("name", "doubtful", "poor"),
    [
        ("change_low", 2.0, 0.3),
        ("domain", 0.4, 0.1),
        ("hidden_db", 2.0, 5.0),
        ("psnr_db", 14.0, 9.0),
        ("structure", 0.6, 0.4),
        ("flicker", 3.0, 6.0),
    ],
)
def test_one_bad_figure_decides(name: str, doubtful: float, poor: float) -> None:
    for value, word in ((doubtful, "doubtful"), (poor, "poor")):
        verdict = pronounce(figures(**{name: value}), {})
        assert (verdict.word, verdict.figure) == (word, name)
        assert verdict.reason[0].islower() or verdict.reason[0].isdigit()
        assert not verdict.reason.endswith(".")


def test_the_worst_figure_decides() -> None:
    verdict = pronounce(figures(domain=0.4, flicker=9.0), {})
    assert (verdict.word, verdict.figure) == ("poor", "flicker")


def test_a_blend_may_look_like_both_domains() -> None:
    assert pronounce(figures(domain=0.2), {}).word == "poor"
    assert pronounce(figures(domain=0.2), {}, is_blend=True).word == "good"
    assert pronounce(figures(domain=0.2, flicker=9.0), {}, is_blend=True).figure == "flicker"


def test_the_card_sets_the_limits() -> None:
    spread = read_spread(spread_of(PICTURES))
    # 13 dB are usual for no pair of this card, and 21 dB are, though another pair has more.
    assert pronounce(figures(psnr_db=21.0), spread).word == "good"
    doubtful = pronounce(figures(psnr_db=20.2), spread)
    assert doubtful.word == "doubtful"
    reached = spread["psnr_db"][5]
    assert doubtful.reason.endswith(f"20.20 dB; 95 % of the card's pictures reach {reached:.2f} dB")
    assert pronounce(figures(psnr_db=16.0), spread).word == "poor"
    weak = read_spread(spread_of([{"psnr_db": 8 + 0.01 * n} for n in range(100)]))
    assert pronounce(figures(psnr_db=8.5), weak).word == "good"


def test_a_place_among_the_pictures_of_the_card() -> None:
    spread = read_spread(spread_of(PICTURES))
    placed = place_in(figures(psnr_db=24.95, change_low=99.0, structure=0.1), spread)
    assert placed.percentiles["psnr_db"] == pytest.approx(50, abs=1)
    assert placed.percentiles["change_low"] == 100
    assert placed.percentiles["structure"] == 0
    assert placed.unlike == ("change_low", "structure")
    assert "domain" not in placed.percentiles


def test_a_file_that_is_unlike_the_pictures_is_doubtful() -> None:
    spread = read_spread(spread_of(PICTURES))
    placed = place_in(figures(psnr_db=60.0, change_low=99.0), spread)
    verdict = pronounce(placed, spread)
    assert verdict.word == "doubtful"
    assert "unlike" in verdict.reason


@pytest.mark.parametrize(
    ("unlike", "word"),
    [
        (("change",), "good"),
        (("change", "change_low"), "good"),
        (("psnr_db", "ssim", "raw_psnr_db"), "good"),
        (("ssim", "change_low"), "doubtful"),
        (("psnr_db", "ssim", "structure"), "doubtful"),
    ],
)
def test_figures_that_rise_and_fall_together_count_once(unlike: tuple[str, ...], word: str) -> None:
    spread = read_spread(spread_of(PICTURES))
    verdict = pronounce(replace(figures(), unlike=unlike), spread)
    assert verdict.word == word
    assert "unlike" in verdict.reason
    assert "SSIM" not in verdict.reason


@pytest.mark.parametrize(
    "table",
    [
        None,
        7,
        {"psnr_db": 3},
        {"psnr_db": {"p01": 1.0}},
        {"psnr_db": {f"p{p:02}": "x" for p in PERCENTS}},
        {"psnr_db": {f"p{p:02}": -float(p) for p in PERCENTS}},
        {"psnr_db": {f"p{p:02}": float("nan") for p in PERCENTS}},
        {"strange": {f"p{p:02}": 1.0 for p in PERCENTS}},
    ],
)
def test_a_damaged_card_has_no_percentiles(table: object) -> None:
    assert read_spread(table) == {}


def test_few_pictures_have_no_percentiles() -> None:
    assert spread_of(PICTURES[:9]) == {}


def test_the_worst_moments_come_first() -> None:
    moments = [Moment(n, n / 25, {"psnr_db": 20.0 + n, "flicker": 1.0}) for n in range(5)]
    found = FileFigures.of(moments)
    assert found is not None
    assert found.worst(1)[0].index == 0
    jumping = [Moment(9, 0.36, {"psnr_db": 30.0, "flicker": 5.0}), *moments]
    with_jump = FileFigures.of(jumping)
    assert with_jump is not None
    assert [moment.index for moment in with_jump.worst(2)] == [9, 0]
