"""Checkpoints: atomic, complete, and errors that name the field."""

import copy
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mediatrans.errors import InputError, OutputError, UsageError
from mediatrans.training.checkpoint import (
    LATEST,
    PREVIOUS,
    Checkpoint,
    load_checkpoint,
    loading_model,
    save_checkpoint,
)
from mediatrans.training.model.cyclegan import CycleGAN
from tests.training.full_disk import largest_file
from tests.training.tiny import TINY


def checkpoint(step: int = 0) -> Checkpoint:
    model = CycleGAN(TINY, torch.device("cpu"))
    return Checkpoint(
        config=TINY,
        domains=("a", "b"),
        step=step,
        data={"a": ["x.png 10"], "b": ["y.png 20"]},
        environment={"mode": "eager"},
        model=model.state_dict(),
    )


def test_everything_comes_back(tmp_path: Path) -> None:
    saved = checkpoint(7)
    loaded = load_checkpoint(save_checkpoint(tmp_path, saved))
    assert (loaded.config, loaded.domains, loaded.step) == (TINY, ("a", "b"), 7)
    assert (loaded.data, loaded.environment) == (saved.data, saved.environment)
    CycleGAN(TINY, torch.device("cpu")).load_state_dict(loaded.model)


def test_the_one_before_is_kept_and_nothing_else(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, checkpoint(step))
    assert sorted(path.name for path in tmp_path.iterdir()) == [LATEST, PREVIOUS]
    assert load_checkpoint(tmp_path / LATEST).step == 3
    assert load_checkpoint(tmp_path / PREVIOUS).step == 2


def test_a_folder_means_its_newest(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "checkpoints", checkpoint(1))
    save_checkpoint(tmp_path / "checkpoints", checkpoint(2))
    assert load_checkpoint(tmp_path).step == 2
    # As a kill between the two renames leaves it.
    (tmp_path / "checkpoints" / LATEST).unlink()
    assert load_checkpoint(tmp_path).step == 1


@pytest.mark.parametrize("part", [0.0, 0.3, 0.99])
def test_a_torn_file_is_named_with_a_way_out(tmp_path: Path, part: float) -> None:
    save_checkpoint(tmp_path, checkpoint(1))
    path = save_checkpoint(tmp_path, checkpoint(2))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(InputError, match=r"latest\.pt: .*previous\.pt"):
        load_checkpoint(tmp_path)


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, checkpoint())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        load_checkpoint(path)


class Exploit:
    """Unpickles into a call."""

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (Path("proof-that-code-ran"),)


def test_a_strangers_file_runs_no_code(here: Path) -> None:
    path = here / "evil.pt"
    torch.save({"format": "mediatrans checkpoint", "model": Exploit()}, path)
    with pytest.raises(InputError, match=r"evil\.pt"):
        load_checkpoint(path)
    path.write_bytes(pickle.dumps(Exploit()))
    with pytest.raises(InputError, match=r"evil\.pt"):
        load_checkpoint(path)
    assert not Path("proof-that-code-ran").exists()


@pytest.mark.parametrize(
    "content", [[1, 2], {"weights": 3}, {"format": "mediatrans checkpoint", "version": 99}]
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "foreign.pt"
    torch.save(content, path)
    with pytest.raises(InputError, match=r"foreign\.pt"):
        load_checkpoint(path)


def test_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        load_checkpoint(tmp_path)
    with pytest.raises(InputError, match="no checkpoint"):
        load_checkpoint(tmp_path / "x.pt")


@pytest.mark.parametrize("size", [0, 1, 5000, 100_000])
def test_a_disk_that_fills_up_leaves_the_earlier_checkpoints(tmp_path: Path, size: int) -> None:
    save_checkpoint(tmp_path, checkpoint(1))
    save_checkpoint(tmp_path, checkpoint(2))
    with largest_file(size), pytest.raises(OutputError, match=r"(?i)checkpoint.*--resume"):
        save_checkpoint(tmp_path, checkpoint(3))
    assert load_checkpoint(tmp_path / LATEST).step == 2
    assert load_checkpoint(tmp_path / PREVIOUS).step == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [LATEST, PREVIOUS]


def test_an_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=LATEST):
        save_checkpoint(tmp_path / "file" / "checkpoints", checkpoint())


def damaged(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A whole checkpoint whose content was changed."""
    path = save_checkpoint(folder, checkpoint(2))
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    return path


FIELDS = ("version", "config", "domains", "step", "data", "environment", "model")


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    path = damaged(tmp_path, lambda content: content.pop(field))
    with pytest.raises(InputError, match=f"{field}: missing"):
        load_checkpoint(path)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [None, [], "abc", 1.5, True, {"x": 1}, [[[1]]], -1, 10**30])
def test_a_field_of_another_kind_is_named(tmp_path: Path, field: str, value: object) -> None:
    path = damaged(tmp_path, lambda content: content.update({field: value}))
    with pytest.raises((InputError, UsageError)) as failed:
        load_checkpoint(path)
    # A table of unknown settings is a configuration whose key is named, "1" is another version.
    assert field in str(failed.value) or (field, value) == ("config", {"x": 1})
    assert failed.value.exit_code in (2, 3)


@pytest.mark.parametrize("data", [{}, {"a": []}, {"a": [], "b": [], "c": []}, {"a": [1], "b": []}])
def test_data_of_other_domains_are_refused(tmp_path: Path, data: object) -> None:
    path = damaged(tmp_path, lambda content: content.update(data=data))
    with pytest.raises(InputError, match="data"):
        load_checkpoint(path)


def leaves(state: dict[Any, Any], depth: int) -> Iterator[tuple[dict[Any, Any], Any]]:
    """Every place of a nested table down to a depth: the table and the key."""
    for key, value in state.items():
        yield state, key
        if depth and isinstance(value, dict):
            yield from leaves(value, depth - 1)


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("value", [None, "abc", {}, 10**400], ids=["none", "text", "table", "huge"])
def test_a_model_state_that_is_damaged_anywhere_is_an_input_error_or_does_no_harm(
    tmp_path: Path, value: object, every: int
) -> None:
    whole = checkpoint(2)
    model = CycleGAN(TINY, torch.device("cpu"))
    places = [key for _, key in leaves(copy.deepcopy(whole.model), 2)]
    refusals = []
    indices = range(0, len(places), every)
    for index in indices:
        state = copy.deepcopy(whole.model)
        table, key = list(leaves(state, 2))[index]
        table[key] = value
        path = save_checkpoint(tmp_path, replace(whole, model=state))
        try:
            loaded = load_checkpoint(path)
            with loading_model(path):
                model.load_state_dict(loaded.model)
        except InputError as error:
            refusals.append(str(error))
    assert all(str(path) in refusal for refusal in refusals)
    assert len(refusals) > len(indices) // 2


@pytest.mark.parametrize("domain", ["../a", "/a", "..", "a/b"])
def test_domains_that_are_paths_are_refused(tmp_path: Path, domain: str) -> None:
    # An export makes files and folders of these names.
    saved = replace(checkpoint(1), domains=(domain, "b"))
    with pytest.raises(InputError, match="domains"):
        load_checkpoint(save_checkpoint(tmp_path, saved))
