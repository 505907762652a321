"""Which networks a pair was trained with, by its run and by its card."""

from dataclasses import replace
from pathlib import Path

import pytest

from mediatrans.training.data.folders import Folders
from mediatrans.training.evaluation.candidate import open_candidate
from mediatrans.training.evaluation.report import write_quality
from mediatrans.training.export.model_folder import trained_pair
from mediatrans.training.export.pair import DataNote
from mediatrans.training.run_folder import RunSettings, write_settings
from mediatrans.training.seen import networks_of_card, networks_of_run
from mediatrans.zoo.card import read_card, write_card
from tests.pairs import write_pair
from tests.training.export.test_model_folder import write_run
from tests.training.tiny import TINY

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")

PROJECTED = replace(TINY, size=32, load_size=36, lambda_projected=1.0)
LITE0 = ("efficientnet-lite0",)


def settled(folder: Path, settings: RunSettings) -> str:
    folder.mkdir()
    write_settings(folder, settings, "eager")
    return str(folder)


def test_a_run_with_projected_discriminators_has_seen_their_network() -> None:
    assert networks_of_run(TINY) == ()
    assert networks_of_run(PROJECTED) == LITE0


def test_a_run_inherits_from_those_that_it_began_with(tmp_path: Path) -> None:
    folders = Folders(("red", "blue"), tmp_path / "a", tmp_path / "b")
    first = settled(tmp_path / "first", RunSettings(PROJECTED, folders))
    second = replace(TINY, start_from=first)
    assert networks_of_run(second) == LITE0
    middle = settled(tmp_path / "second", RunSettings(second, folders))
    checkpoint = tmp_path / "second" / "checkpoints" / "latest.pt"
    checkpoint.parent.mkdir()
    checkpoint.touch()
    for start in (middle, str(checkpoint)):
        assert networks_of_run(replace(TINY, start_from=start)) == LITE0
    # One that names itself, and one that is gone.
    loop = replace(TINY, start_from=str(tmp_path / "loop"))
    settled(tmp_path / "loop", RunSettings(loop, folders))
    assert networks_of_run(loop) == ()
    assert networks_of_run(replace(TINY, start_from=str(tmp_path / "gone"))) == ()


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({}, ()),
        ({"lambda_projected": 0.0}, ()),
        ({"lambda_projected": 2.0}, LITE0),
        ({"lambda_projected": "much"}, ()),
    ],
)
def test_a_card_tells_what_a_model_has_seen(
    tmp_path: Path, training: dict[str, object], expected: tuple[str, ...]
) -> None:
    folder = write_pair(tmp_path)
    write_card(folder, replace(read_card(folder), training=training))
    assert networks_of_card(read_card(folder)) == expected
    assert open_candidate(str(folder), "cpu").trained_with == expected


def test_what_a_card_was_told_at_export_is_kept(tmp_path: Path) -> None:
    folder = write_pair(tmp_path)
    write_quality(folder, trained_with=LITE0)
    assert networks_of_card(read_card(folder)) == LITE0
    write_quality(folder)
    assert networks_of_card(read_card(folder)) == LITE0


def test_a_card_names_the_networks_of_earlier_runs_and_not_their_path(tmp_path: Path) -> None:
    folders = Folders(("red", "blue"), tmp_path / "a", tmp_path / "b")
    first = settled(tmp_path / "first", RunSettings(PROJECTED, folders))
    pair = trained_pair(
        write_run(tmp_path / "run", replace(TINY, start_from=first)), DataNote(), print
    )
    assert pair.networks == LITE0
    assert first not in str(pair.training)


def test_a_checkpoint_tells_what_it_has_seen(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    assert open_candidate(str(run), "cpu").trained_with == ()
