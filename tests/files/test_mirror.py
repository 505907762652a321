"""The local folder that stands for buckets."""

import multiprocessing
import os
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from mediatrans.errors import InputError
from mediatrans.files.buckets import Store
from mediatrans.files.mirror import Mirror, mirrored


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path, 100)


def test_a_place_and_its_address(mirror: Mirror) -> None:
    place = mirror.place("s3://bucket/a b/c.png")
    assert place == mirror.root / "s3" / "bucket" / "a b" / "c.png"
    assert mirror.url(place) == "s3://bucket/a b/c.png"
    assert str(mirror.shown(place)) == "s3://bucket/a b/c.png"
    assert mirror.shown(Path("a.png")) == Path("a.png")
    assert mirror.local(Path("s3://bucket/x")) == mirror.root / "s3/bucket/x"
    assert mirror.in_words(f"{place}: bad, see {place.parent} or a/b") == (
        "s3://bucket/a b/c.png: bad, see s3://bucket/a b or a/b"
    )


@pytest.mark.parametrize("key", ["../up.png", "a//b.png", "./a.png", "a/..", "a\0b.png", "a/"])
def test_keys_that_are_no_names_of_files(mirror: Mirror, key: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket"):
        mirror.place(f"s3://bucket/{key}")


def test_an_object_is_fetched_once_and_within_the_limit(mirror: Mirror) -> None:
    store = Store("memory")
    store.write("memory://fetched/a.png", b"x" * 100)
    store.write("memory://fetched/b.png", b"x" * 101)
    small, large = store.find("memory://fetched").values()
    place = mirror.put_placeholder(small)
    assert place.read_bytes() == b""
    mirror.fetch(small, place)
    assert place.read_bytes() == b"x" * 100
    steps = mirror.steps
    assert steps > 0
    mirror.fetch(small, place)
    assert mirror.steps == steps
    with pytest.raises(InputError, match="--spool-limit"):
        mirror.fetch(large, mirror.put_placeholder(large))
    mirror.release(place)
    assert [path for path in place.parent.iterdir() if not path.name.startswith(".")] == [
        place.with_name("b.png")
    ]


def hold(home: str, ready: "Queue[str]", stop: Event) -> None:
    os.environ["XDG_CACHE_HOME"] = home
    with mirrored(["s3://bucket"], 1) as mirror:
        (mirror.root / "theirs").write_text("")
        ready.put(str(mirror.root))
        stop.wait()


def test_a_killed_run_leaves_finished_segments_to_the_next(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(here))
    context = multiprocessing.get_context("spawn")
    ready, stop = context.Queue(), context.Event()
    process = context.Process(target=hold, args=(str(here), ready, stop), daemon=True)
    process.start()
    theirs = Path(ready.get(timeout=100))
    with mirrored(["s3://bucket"], 1) as mirror:
        assert mirror.root != theirs
        assert (theirs / "theirs").exists()
    work = theirs / "s3/bucket/film.mp4.mediatrans"
    work.mkdir(parents=True)
    (work / "journal.jsonl").write_text("{}")
    (work.parent / "a.png").write_text("")
    process.kill()
    process.join()
    with mirrored(["s3://bucket"], 1) as mirror:
        assert mirror.root == theirs
        left = [path for path in theirs.rglob("[!.]*") if path.is_file()]
        assert mirror.is_here()
        assert left == [work / "journal.jsonl"]
        (work / "journal.jsonl").unlink()
    assert not theirs.parent.exists()
