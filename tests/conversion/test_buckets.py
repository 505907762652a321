"""Conversions from and to buckets, with a real S3 server on loopback."""

import io
import json
import logging
import sys
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.wrappers import Request

from mediatrans import ConvertOptions, ExitCode, convert
from mediatrans.cli.main import run
from mediatrans.conversion.manifest import PARTS_NAME
from mediatrans.conversion.run_options import Shard
from mediatrans.files import buckets
from mediatrans.files.buckets import Store
from mediatrans.files.mirror import Mirror
from mediatrans.files.store_errors import StoreError
from tests.bucket_kills import kill_in_buckets
from tests.conversion.long_videos import SEGMENT, UNEVEN, packets
from tests.conversion.photos_in_bucket import OUT, upload, whole, words
from tests.conversion.stopping import Stopping, interrupt, options
from tests.media import clips
from tests.media_files import write_clip, write_picture
from tests.s3_server import KEY, SECRET, S3Server


def test_a_folder_in_a_bucket_is_converted_as_one_on_a_disk(
    s3: S3Server, capfd: pytest.CaptureFixture[str]
) -> None:
    write_clip(Path("in/film.mp4"), frames=8)
    frames = [Image.new("RGB", (20, 10), (60 * index, 0, 0)) for index in range(3)]
    frames[0].save("in/moving.png", save_all=True, append_images=frames[1:], duration=40)
    upload(s3)
    assert run(words("--report", "r.json", "--report", "r.html", "-v", "--log-file", "log")) == 0
    assert s3.requests["GET list"] <= 3  # one for each end, one that the empty end costs
    assert s3.objects("photos", "out/") == whole()
    rows = {row["input"]: row for row in json.loads(Path("r.json").read_text())["jobs"]}
    assert rows["s3://photos/in/sub/3.png"]["output"] == "s3://photos/out/sub/3.png"
    assert rows["s3://photos/in/moving.png"]["kind"] == "video"
    assert {row["status"] for row in rows.values()} == {"ok"}
    s3.requests.clear()
    assert run(words("--json")) == ExitCode.OK
    said = capfd.readouterr()
    last = [json.loads(line) for line in said.out.splitlines()[-5:]]
    assert [row["status"] for row in last] == ["skipped"] * 5
    assert "PUT object" not in s3.requests
    everything = f"{said} {Path('r.json').read_text()} {Path('r.html').read_text()}"
    everything += Path("log").read_text() + str(s3.hidden("photos"))
    for hidden in (KEY, SECRET, "cache/mediatrans"):
        assert hidden not in everything
    assert not list(Path("cache").rglob("*.png"))


def test_an_earlier_result_among_the_inputs_is_skipped(s3: S3Server) -> None:
    s3.put("photos", "in/1-night.png", Path("in/1.png").read_bytes())
    report = convert("s3://photos/in", "night", OUT)
    reasons = {str(row.input): str(row.reason) for row in report.jobs if row.status == "skipped"}
    assert list(reasons) == ["s3://photos/in/1-night.png"]
    assert "the result of 1.png" in reasons["s3://photos/in/1-night.png"]
    assert s3.objects("photos", "out/") == whole()


def test_what_changed_is_done_again_and_what_is_foreign_is_kept(s3: S3Server) -> None:
    assert run(words("-q")) == ExitCode.OK
    write_picture(Path("in/1.png"))
    upload(s3)
    s3.put("photos", "out/2.png", b"of somebody else")
    report = convert("s3://photos/in", "night", OUT)
    statuses = {row.input.name: row.status for row in report.jobs}
    assert statuses == {"1.png": "ok", "2.png": "failed", "3.png": "skipped"}
    assert report.exit_code == ExitCode.OUTPUT
    (error,) = [row.error for row in report.jobs if row.error]
    assert error.endswith(
        "s3://photos/out/2.png: the output was changed after it was written; use --overwrite or "
        "another -o"
    )
    assert s3.objects("photos", "out/")["2.png"] == b"of somebody else"
    assert run(words("-q", "--overwrite")) == ExitCode.OK
    assert s3.objects("photos", "out/") == whole()


def test_an_upload_whose_record_was_lost_is_known_by_its_bytes(s3: S3Server) -> None:
    assert run(words("-q")) == ExitCode.OK
    for key, content in s3.hidden("photos").items():
        records = [json.loads(line) | {"etag": None} for line in content.splitlines()]
        s3.put("photos", key, "\n".join(map(json.dumps, records)).encode())
    assert {row.status for row in convert("s3://photos/in", "night", OUT).jobs} == {"skipped"}


def test_from_a_bucket_and_into_one(s3: S3Server) -> None:
    expected = whole()
    assert run(words("-q", output="here")) == ExitCode.OK
    assert {name: Path("here", name).read_bytes() for name in expected} == expected
    assert run(words("-q", source="in")) == ExitCode.OK
    assert s3.objects("photos", "out/") == expected
    # A single object, beside its input and under a name of its own.
    assert run(["convert", "s3://photos/in/1.png", "--to", "night", "-q"]) == ExitCode.OK
    assert run(words("-q", source="s3://photos/in/2.png", output="s3://photos/x/y.png")) == 0
    made = s3.objects("photos")
    assert (made["in/1-night.png"], made["x/y.png"]) == (expected["1.png"], expected["2.png"])
    assert run(words("-q", source="s3://photos/in/2.png", output="s3://photos/x/y.png")) == 6


@pytest.mark.slow
def test_shards_and_workers_into_a_bucket(s3: S3Server) -> None:
    for number in (1, 2):
        options = ConvertOptions(
            output=Path("s3://photos/out"), device="cpu", threads=1, shard=Shard(number, 2)
        )
        assert convert("s3://photos/in", "night", options).exit_code == ExitCode.OK
    parts = [key for key in s3.hidden("photos") if f"/{PARTS_NAME}/" in key]
    assert len({key.rpartition("-")[0] for key in parts}) == 2  # no two writers share one
    two = ConvertOptions(output=Path("s3://photos/two"), device="cpu", threads=1, workers=2)
    write_clip(Path("in/film.mp4"), frames=8)
    upload(s3)
    assert convert("s3://photos/in", "night", two).exit_code == ExitCode.OK
    assert s3.objects("photos", "two/") == whole()
    assert {row.status for row in convert("s3://photos/in", "night", two).jobs} == {"skipped"}


def test_a_dry_run_writes_nothing(s3: S3Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words("-n")) == ExitCode.OK
    assert "convert  s3://photos/in/1.png -> s3://photos/out/1.png" in capsys.readouterr().out
    assert "PUT object" not in s3.requests


def test_a_gif_is_an_animation_however_large_its_first_frame(
    s3: S3Server, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [Image.effect_noise((900, 700), 100).convert("P") for _ in range(2)]
    for name, count in (("moving", 2), ("still", 1)):
        written = io.BytesIO()
        frames[0].save(written, "GIF", save_all=True, append_images=frames[1:count])
        assert written.tell() > 1 << 18
        s3.put("photos", f"gifs/{name}.gif", written.getvalue())
    assert run(words("-n", "--json", source="s3://photos/gifs")) == ExitCode.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = {row["input"].rpartition("/")[2]: row["kind"] for row in rows}
    assert kinds == {"moving.gif": "video", "still.gif": "image"}


@pytest.mark.parametrize(
    "words",
    [
        ["convert", "s3://KEY:SECRET@photos/in", "--to", "night"],
        ["convert", "s3://photos/in/1.png?X-Amz-Signature=SECRET", "--to", "night"],
        ["convert", "in", "--to", "night", "-o", "s3://KEY:SECRET/out"],
        ["convert", "in", "--to", "night", "--model", "https://KEY:SECRET@host/m"],
        ["convert", "https://host/photos/SECRET.png", "--to", "night"],
        ["convert", "s3://photos/in", "--to", "night", "--fps", "24"],
        ["convert", "in", "--to", "night", "--report", "s3://photos/r.html"],
        ["train", "s3://KEY:SECRET@photos/in", "in"],
        ["check", "s3://photos/in", "in"],
        ["watch", "s3://photos/in", "out", "--to", "night"],
        ["watch", "in", "s3://photos/out", "--to", "night"],
    ],
)
def test_what_is_refused_in_plain_words(
    s3: S3Server, words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == ExitCode.USAGE
    said = capfd.readouterr().err
    assert "; " in said
    assert "SECRET" not in said
    assert "Traceback" not in said
    assert s3.requests.total() == 0


def test_names_that_no_disk_can_hold_are_reported(
    s3: S3Server, capsys: pytest.CaptureFixture[str]
) -> None:
    content = Path("in/1.png").read_bytes()
    for key in ("odd/a.png", "odd//b.png", "odd/a.png/c.png", f"odd/{'x' * 300}.png"):
        s3.put("photos", key, content)
    assert run(words("-n", "--json", source="s3://photos/odd")) == ExitCode.INPUT
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(row["action"] for row in rows) == ["convert", "fail", "fail", "fail"]
    reasons = [row["reason"] for row in rows if row["action"] == "fail"]
    assert all("no file of this system can have this name" in reason for reason in reasons)


@pytest.mark.slow
def test_an_interrupted_film_goes_on_after_its_finished_segments(s3: S3Server) -> None:
    clips.write_clip(Path("in/film.mp4"), UNEVEN, sound_s=2, options={"g": "7", "bf": "2"})
    s3.put("photos", "film.mp4", Path("in/film.mp4").read_bytes())
    film = Path("s3://photos/film.mp4")
    first = interrupt(film, options("s3://photos/made.mp4", device="cpu"), 2 * SEGMENT + 3)
    assert first.kept_in is not None
    assert first.kept_in.is_dir()
    assert s3.objects("photos").keys().isdisjoint({"made.mp4"})
    again = Stopping(1000)
    convert(film, "night", options("s3://photos/made.mp4", device="cpu"), again)
    assert again.first is not None
    assert again.first > 2 * SEGMENT
    convert("in/film.mp4", "night", options("whole.mp4", device="cpu"))
    Path("made.mp4").write_bytes(s3.objects("photos")["made.mp4"])
    assert packets(Path("made.mp4")) == packets(Path("whole.mp4"))
    assert not first.kept_in.exists()


@pytest.mark.slow
def test_a_large_output_is_a_multipart_upload_that_appears_whole_or_not_at_all(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "_WAITS_S", (0,))  # every attempt sends 100 MB
    store, file = Store("s3"), tmp_path / "large"
    with file.open("wb") as sparse:
        sparse.truncate(101 << 20)
    url = "s3://photos/large"

    def last_part(request: Request) -> bool:
        return request.args.get("partNumber") == "3"

    s3.dropped = last_part
    with pytest.raises(StoreError, match="5 attempts"):
        store.put(file, url, is_new=True)
    assert store.info(url) is None
    assert "Uploads" not in s3.client.list_multipart_uploads(Bucket="photos")
    s3.dropped = lambda _: False
    made = store.put(file, url, is_new=True)
    assert made.size == 101 << 20
    assert made.etag.endswith("-3")
    mirror = Mirror(tmp_path / "mirror", 200 << 20)
    place = mirror.put_placeholder(made)
    mirror.fetch(made, place)
    assert place.stat().st_size == made.size


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_at_any_request_nothing_is_missing_doubled_or_half_there(
    pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path("cache").absolute()))
    figures = kill_in_buckets(objects=20, kills=3, seed=20261130)
    assert figures.kills == 3


def test_memory_is_a_bucket_as_well(s3: S3Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    out = ConvertOptions(output=Path("memory://made/out"), device="cpu")
    assert convert("in", "night", out).exit_code == ExitCode.OK
    assert {row.status for row in convert("in", "night", out).jobs} == {"skipped"}
    back = ConvertOptions(output=Path("back"), device="cpu")
    report = convert("memory://made/out", "night", back)
    assert {str(row.input) for row in report.jobs} == {
        f"memory://made/out/{name}.png" for name in ("1", "2", "sub/3")
    }
    for name in ("1", "2", "sub/3"):
        before, after = (Image.open(f"{folder}/{name}.png") for folder in ("in", "back"))
        assert before.tobytes() == after.tobytes()  # the model inverts
