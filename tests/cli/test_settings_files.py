"""Settings files and variables: which one wins, what they may hold, and how faults are named."""

import json
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from tests.media_files import write_picture
from tests.training.tiny import TINY_FLAGS, write_domains

USER = Path("settings/mediatrans/config.toml")
PRESETS = Path("settings/mediatrans/presets")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def origins(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, tuple[object, str]]:
    capsys.readouterr()
    assert run(["config", "--json", *words]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {f"{row['command']} {row['setting']}": (row["value"], row["from"]) for row in rows}


def test_flags_win_over_variables_preset_project_and_user(
    pair: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each layer sets the format; what is written shows which one held."""
    write_picture(Path("a.png"))

    def written(*flags: str) -> str:
        assert run(["convert", "a.png", *flags]) == 0
        (output,) = Path().glob("a-night.*")
        output.unlink()
        return output.suffix

    write(USER, '[convert]\nto = "night"\nformat = "tif"\n')
    assert written() == ".tif"
    write(Path("mediatrans.toml"), '[convert]\nformat = "bmp"\n')
    assert written() == ".bmp"
    write(PRESETS / "web.toml", 'format = "webp"\nquality = 60\n')
    assert written("--preset-file", "web") == ".webp"
    monkeypatch.setenv("MEDIATRANS_CONVERT_FORMAT", "jpg")
    assert written("--preset-file", "web") == ".jpg"
    assert written("--preset-file", "web", "--format", "png") == ".png"
    monkeypatch.setenv("MEDIATRANS_CONVERT_PRESET_FILE", "web")
    assert origins(capsys) == {
        "convert to": (["night"], str(USER.absolute())),
        "convert format": ("jpg", "MEDIATRANS_CONVERT_FORMAT"),
        "convert quality": (60, str((PRESETS / "web.toml").absolute())),
        "convert preset-file": ("web", "MEDIATRANS_CONVERT_PRESET_FILE"),
    }


def test_config_shows_files_and_the_settings_of_one_command(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["config"]) == 0
    shown = capsys.readouterr().out
    assert f"{USER.absolute()} (not there)" in shown
    assert "nothing is set" in shown
    monkeypatch.setenv("MEDIATRANS_CONVERT_CRFF", "20")
    write(Path("pyproject.toml"), "[tool.mediatrans.convert]\ncrf = 20\nfail-under = ['psnr=18']\n")
    assert run(["config", "convert"]) == 0
    out, err = capsys.readouterr()
    assert "MEDIATRANS_CONVERT_CRFF" in err
    lines = [line.split() for line in out.splitlines()]
    assert ["convert", "crf", "20.0", "pyproject.toml"] in lines
    assert ["convert", "fail-under", "psnr=18.0", "pyproject.toml"] in lines
    assert ["convert", "strength", "1.0", "default"] in lines
    assert run(["config", "convrt"]) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[convert]\ncrff = 20", "did you mean crf?"),
        ("[convrt]\ncrf = 20", "did you mean convert?"),
        ("[convert]\ncrf = -1", "crf = -1: "),
        ("[convert]\ncrf = true", "is not a text or a number"),
        ("[convert]\ncrf = [1, 2]", "is not a text or a number"),
        ("[convert]\noverwrite = 'yes'", "is not true or false"),
        ("[convert]\nverify = 'quick'", "verify = 'quick'"),
        ("[convert]\nbatch-size = 'many'", "batch-size = 'many'"),
        ("[convert]\nstart = 2000-01-01", "is not a text or a number"),
        ("[convert]\nfail-under = ['psnr']", "fail-under = ['psnr']"),
        ("[convert]\npreset-files = 'web'", "did you mean preset-file"),
        ("convert = 3", "not a table"),
        ("[convert", "not TOML"),
        ("\0", "not TOML"),
        ("[convert.web]\ncrf = 20", "web"),
    ],
)
@pytest.mark.parametrize("path", [USER, Path("mediatrans.toml")])
def test_what_a_settings_file_may_not_hold_is_named(
    pair: Path, capsys: pytest.CaptureFixture[str], path: Path, text: str, said: str
) -> None:
    write(path, text)
    assert run(["convert", "a.png", "--to", "night"]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert str(path) in shown


def test_files_that_cannot_be_read(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mediatrans.toml").mkdir()
    assert run(["convert", "a.png", "--to", "night"]) == 2
    assert "mediatrans.toml: the settings file cannot be read" in capsys.readouterr().err
    Path("mediatrans.toml").rmdir()
    assert run(["convert", "a.png", "--to", "night", "--preset-file", "wed"]) == 2
    assert "no preset file 'wed'" in capsys.readouterr().err
    # The settings of other programs may be broken.
    write(Path("pyproject.toml"), "[tool")
    assert run(["convert", "a.png", "--to", "night"]) == 3


def test_a_variable_with_a_wrong_value_is_named(
    pair: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIATRANS_CONVERT_CRF", "good")
    assert run(["convert", "a.png", "--to", "night"]) == 2
    assert "MEDIATRANS_CONVERT_CRF" in capsys.readouterr().err
    monkeypatch.setenv("MEDIATRANS_CONVERT_CRF", "")
    assert run(["convert", "a.png", "--to", "night"]) == 3


def test_paths_are_relative_to_the_file_that_names_them(pair: Path) -> None:
    write_picture(Path("a.png"))
    write(PRESETS / "mine.toml", 'to = "night"\nreport = "report.json"\n')
    assert run(["convert", "a.png", "--preset-file", "mine"]) == 0
    assert (PRESETS / "report.json").exists()


def test_a_recipe_and_a_resumed_run_win_over_settings_files(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_domains(here)
    write(Path("mediatrans.toml"), '[train]\nsteps = 6\nseed = 3\noutput = "mine"\n')
    write(Path("recipe.toml"), "seed = 5\n")
    flags = [word for word in TINY_FLAGS if word not in ("--steps", "8")]
    assert run(["train", "red", "blue", "--recipe", "recipe.toml", *flags]) == 0
    config = Path("mine/config.toml").read_text()
    assert "steps = 6" in config
    assert "seed = 5" in config
    write(Path("mediatrans.toml"), "[train]\nsteps = 3\noverwrite = true\n")
    capsys.readouterr()
    assert run(["train", "--resume", "-o", "mine"]) == 0
    assert "steps = 6" in Path("mine/config.toml").read_text()


def test_a_preset_file_may_have_tables_of_commands(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("a.png"))
    web = write(PRESETS / "web.toml", 'to = "night"\nformat = "bmp"\n[convert]\nformat = "tif"\n')
    assert run(["convert", "a.png", "--preset-file", "web"]) == 0
    assert Path("a-night.tif").exists()
    write(web, '[watch]\nformat = "bmp"\n[convert]\nto = "night"\n')
    assert run(["convert", "a.png", "--preset-file", "web"]) == 0
    assert Path("a-night.png").exists()
    for text, said in (
        ("[convrt]\ncrf = 2", "did you mean convert?"),
        ("[convert]\ncrff = 2", "did you mean crf?"),
        ("[convert.quality]\nbest = 2", "quality = {'best': 2} is not a text or a number"),
        ("[[convert]]\ncrf = 2", "convert"),
    ):
        write(web, text)
        assert run(["convert", "a.png", "--to", "night", "--preset-file", "web"]) == 2
        shown = capsys.readouterr().err
        assert said in shown
        assert "web.toml" in shown


def test_config_shows_what_cannot_be_taken_with_its_reason(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        USER,
        "[convert]\ncrf = -1\nquality = 80\nqualty = 3\n[wach]\nto = 'w'\n[train]\nsteps = 'x'",
    )
    write(Path("mediatrans.toml"), "[convert")
    write(PRESETS / "good.toml", "quality = 60")
    write(PRESETS / "bad.toml", "crf = 'low'\nsmall = true")
    monkeypatch.setenv("MEDIATRANS_CONVERT_CHECK_EVERY", "often")
    monkeypatch.setenv("MEDIATRANS_CONVERT_FAIL_UNDER", "psnr")
    monkeypatch.setenv("MEDIATRANS_CONVERT_PRESET_FILE", "none")
    monkeypatch.setenv("MEDIATRANS_CONVERT_STRENGTH", "0.5")
    assert run(["config"]) == 0
    shown = capsys.readouterr().out.splitlines()

    def line(*words: str) -> str:
        (found,) = [line for line in shown if all(word in line for word in words)]
        return found

    assert "(invalid: unknown command 'wach'; did you mean watch?)" in line("user file")
    assert "(invalid: the settings file is not TOML" in line("project file")
    assert line("preset", "good.toml").endswith("good.toml")
    assert "small" in line("bad.toml", "invalid: crf = 'low'")
    assert "invalid: crf = -1: -1" in line("convert crf ", str(USER))
    assert "invalid: unknown setting 'qualty' of convert" in line("convert qualty")
    assert "invalid" not in line("convert quality")
    assert "invalid: steps = 'x'" in line("train steps")
    assert "invalid: 'often'" in line("check-every  often", "MEDIATRANS_CONVERT_CHECK_EVERY")
    assert "invalid: " in line("fail-under", "psnr")
    assert "invalid: no preset file 'none'" in line("convert preset-file")
    assert "invalid" not in line("convert strength", "0.5")
    assert run(["config", "convert", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    invalid = {row["setting"] for row in rows if row["problem"] and "setting" in row}
    assert invalid == {"crf", "qualty", "check-every", "fail-under", "preset-file"}
    files = {Path(row["file"]).name: row["problem"] for row in rows if "file" in row}
    assert files.keys() == {USER.name, "mediatrans.toml", "bad.toml"}
    assert "not TOML" in files["mediatrans.toml"]


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("to = winter", 'write to = "winter"'),
        ("vcodec = libx265  # smaller", 'write vcodec = "libx265"'),
        ("to = “winter”", 'write to = "winter"'),
        ("to: winter", 'write to = "winter"'),
        ("--to winter", 'write to = "winter"'),
        ('to = "winter', 'write to = "winter"'),
        ("to = [winter, autumn]", 'write to = ["winter", "autumn"]'),
        ("fps = 30000/1001", 'write fps = "30000/1001"'),
        ("overwrite = True", "write overwrite = true"),
        ("crf = 18,5", "write crf = 18.5"),
        (r'output = "C:\Users\ada"', r"write output = 'C:\Users\ada'"),
        (r"output = D:\films", r"write output = 'D:\films'"),
        (r'report = "D:\reports"', r"write report = 'D:\reports'"),
        (r'output = "D:\new"', r"write output = 'D:\new'"),
        (r'output = "\temp\new"', r"write output = '\temp\new'"),
        (r'fail-under = ["cycle=1", "\ndomain=1"]', r"= ['cycle=1', '\ndomain=1']"),
    ],
)
def test_a_line_that_is_not_toml_is_shown_as_it_is_written(
    here: Path, capsys: pytest.CaptureFixture[str], line: str, remedy: str
) -> None:
    write(Path("mediatrans.toml"), f"[convert]\n{line}\nstrength = 0.5\n")
    assert run(["convert", "a.png"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("mediatrans: mediatrans.toml: ")
    assert remedy in shown
    assert f"line 2, {line}" in shown or "control character" in shown


def test_a_setting_that_is_there_twice_is_not_to_be_written_again(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("mediatrans.toml"), "[convert]\ncrf = 18\ncrf=19\n")
    assert run(["convert", "a.png"]) == 2
    shown = capsys.readouterr().err
    assert "line 3, crf=19: cannot overwrite a value" in shown
    assert shown.rstrip().endswith("; set it once")


def test_a_mark_of_windows_editors_is_passed_over(pair: Path) -> None:
    write_picture(Path("a.png"))
    Path("mediatrans.toml").write_bytes(b'\xef\xbb\xbf[convert]\r\nto = "night"\r\n')
    assert run(["convert", "a.png", "-n"]) == 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("convert a --to w --crf good", "'good' is not a number of 0 or more"),
        ("convert a --to w --crf 18,5", "'18,5' is not a number of 0 or more; write 18.5"),
        ("convert a --to w --strength 1,5", "'1,5' is not a number from 0 to 1"),
        ("convert a --to w --quality 7,5", "'7,5' is not a whole number from 1 to 100"),
        ("convert a --to w --end nan", "'nan' is not a number of 0 or more"),
        ("convert a --to w --quality 101", "101 is not a whole number from 1 to 100"),
        ("convert a --to w --preview 1.5", "1.5 is not a whole number of 1 or more"),
        ("benchmark --seconds 0", "0 is not a number above 0"),
        ("prepare a --test-share 1", "1 is not a number from 0 to 0.9"),
        ("train a b --steps many", "'many' is not a whole number"),
        ("train a b --lambda-cycle x", "'x' is not a number"),
    ],
)
def test_a_number_that_is_refused_is_told_in_plain_words(
    here: Path, capsys: pytest.CaptureFixture[str], flags: str, said: str
) -> None:
    assert run(flags.split()) == 2
    assert capsys.readouterr().err.rstrip().endswith(said)


def test_variables_that_set_nothing_are_warned_of_once_by_every_command(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MEDIATRANS_CONVERT_TOO", "MEDIATRANS_XYZ", "MEDIATRANS_FFMPEG"):
        monkeypatch.setenv(name, "night")
    monkeypatch.setenv("MEDIATRANS_TRAIN_STEPS", "5")  # of another command
    for words, code in (
        (["models"], 0),
        (["config"], 0),
        (["convert", "a.png"], 2),
        (["convert", "a.png", "--to", "night"], 4),
    ):
        assert run(words) == code
        warnings = [line for line in capsys.readouterr().err.splitlines() if "WARNING" in line]
        assert len(warnings) == 2
        assert "TOO" in warnings[0]
        assert warnings[0].endswith("did you mean MEDIATRANS_CONVERT_TO?")
        assert "MEDIATRANS_XYZ" in warnings[1]
    assert run(["convert", "--help"]) == 0
    assert "WARNING" not in capsys.readouterr().err


def test_config_shows_what_a_preset_sets(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web = write(PRESETS / "web.toml", "quality = 80\ncrff = 2\n[watch]\nquality = 70\n")
    write(USER, "[convert]\ncrf = 20\n")  # another file
    for flag in ("--preset-file", "--preset"):
        assert run(["config", flag, "web"]) == 0
        head, *lines = capsys.readouterr().out.splitlines()
        assert head == f"preset file  {web.absolute()}"
        assert [line.split()[:3] for line in lines] == [
            ["convert", "quality", "80"],
            ["convert", "crff", "2"],
            ["watch", "quality", "70"],
            ["watch", "crff", "2"],
        ]
        assert "did you mean crf?" in lines[1]
    assert origins(capsys, "convert", "--preset-file", str(web)) == {
        "convert quality": (80, str(web)),
        "convert crff": (2, str(web)),
    }
    write(web, "to = winter")
    assert run(["config", "--preset", "web"]) == 0
    assert 'write to = "winter"' in capsys.readouterr().out.splitlines()[0]
    assert run(["config", "--preset", "wed"]) == 2
