"""Whatever a file says or a folder holds, outputs stay where they were asked for."""

import os
from fractions import Fraction
from pathlib import Path

import av
import pytest
import tomli_w

from mediatrans.cli.main import run
from mediatrans.conversion.manifest import MANIFEST_NAME
from mediatrans.errors import ExitCode, ModelError
from mediatrans.files.publish import part_path
from mediatrans.media.write.segments.work_folder import WorkFolder
from mediatrans.zoo.card import read_card
from tests.media_files import write_clip, write_picture


@pytest.fixture
def treasure(here: Path) -> Path:
    """A folder outside, with a file that nobody may touch."""
    folder = here / "home" / "treasure"
    folder.mkdir(parents=True)
    (folder / "gold").write_text("gold")
    return folder


def assert_untouched(treasure: Path) -> None:
    assert [path.name for path in treasure.iterdir()] == ["gold"]
    assert (treasure / "gold").read_text() == "gold"


def test_a_link_in_the_output_folder_leads_nowhere(
    pair: Path, treasure: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("in/a.png"))
    write_picture(Path("in/sub/b.png"))
    Path("out").mkdir()
    Path("out/sub").symlink_to(treasure, target_is_directory=True)
    code = run(["convert", "in", "--to", "night", "-o", "out", "--overwrite"])
    assert code == ExitCode.OUTPUT
    assert "leads out of the output folder" in capfd.readouterr().err
    assert Path("out/a.png").exists()
    assert_untouched(treasure)


def test_an_output_folder_that_is_a_link_is_the_user_s_own(pair: Path) -> None:
    write_picture(Path("in/sub/b.png"))
    Path("real").mkdir()
    Path("out").symlink_to("real", target_is_directory=True)
    assert run(["convert", "in", "--to", "night", "-o", "out"]) == ExitCode.OK
    assert Path("real/sub/b.png").exists()


@pytest.mark.parametrize("kind", ["picture", "video"])
def test_nothing_is_written_through_links_with_our_names(
    pair: Path, treasure: Path, kind: str
) -> None:
    Path("out").mkdir()
    if kind == "picture":
        write_picture(Path("in/a.png"))
        output = Path("out/a.png")
    else:
        Path("in").mkdir()
        write_clip(Path("in/a.mp4"))
        output = Path("out/a.mp4")
    for link in (output, part_path(output)):
        link.symlink_to(treasure / "gold")
    assert run(["convert", "in", "--to", "night", "-o", "out", "--overwrite"]) == ExitCode.OK
    assert output.is_file()
    assert not output.is_symlink()
    assert_untouched(treasure)


def test_the_manifest_is_not_written_through_a_link(pair: Path, treasure: Path) -> None:
    write_picture(Path("in/a.png"))
    Path("out").mkdir()
    Path("out", MANIFEST_NAME).symlink_to(treasure / "gold")
    assert run(["convert", "in", "--to", "night", "-o", "out"]) == ExitCode.OUTPUT
    assert_untouched(treasure)


def test_a_work_folder_that_is_a_link_is_refused(here: Path, treasure: Path) -> None:
    (here / "a.mp4.mediatrans").symlink_to(treasure, target_is_directory=True)
    with pytest.raises(Exception, match="a link stands where"), WorkFolder(here / "a.mp4", {}):
        pass
    assert_untouched(treasure)


def test_names_inside_a_container_name_no_files(pair: Path, treasure: Path) -> None:
    evil = os.path.relpath(treasure / "gold")
    with av.open("in.mkv", "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 32, 24, "yuv420p"
        container.add_attachment(evil, "text/plain", b"brass")
        container.metadata.update({"title": "/etc/passwd", "filename": str(treasure / "gold")})
        video.metadata["filename"] = f"../{evil}"
        for index in range(4):
            frame = av.VideoFrame(32, 24, "yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    before = {path for path in Path().rglob("*") if path.is_file()}
    assert run(["convert", "in.mkv", "--to", "night", "-o", "out.mkv"]) == ExitCode.OK
    after = {path for path in Path().rglob("*") if path.is_file()}
    assert {path for path in after - before if path.name != MANIFEST_NAME} == {Path("out.mkv")}
    assert_untouched(treasure)


@pytest.mark.parametrize("domain", ["../treasure", "/tmp/x", "..", "a\\b", "a\nb", ""])
def test_a_card_names_domains_and_no_paths(pair: Path, domain: str) -> None:
    table = {
        "name": "evil",
        "domains": ["day", domain],
        "stride": 4,
        "working_size": 360,
        "opset": 18,
        "precision": "float32",
        "generators": {name: {"file": f"to_{name}.onnx", "sha256": ""} for name in ("day", domain)},
    }
    (pair / "card.toml").write_text(tomli_w.dumps(table))
    with pytest.raises(ModelError, match="damaged"):
        read_card(pair)
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", "--to", domain]) == ExitCode.MODEL
    assert sorted(path.name for path in Path().iterdir()) == ["a.png", "models"]


@pytest.mark.parametrize("file", ["../to_night.onnx", "/etc/passwd", "sub/to_night.onnx"])
def test_a_card_names_files_of_its_own_folder(pair: Path, file: str) -> None:
    card = (pair / "card.toml").read_text().replace('"to_night.onnx"', f'"{file}"')
    (pair / "card.toml").write_text(card)
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", "--to", "night"]) == ExitCode.MODEL
