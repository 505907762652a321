"""Check of the wheel: builds it, installs it without torch, and runs it.

The wheel must contain exactly the released models, and the demo must run from an empty folder
outside the checkout.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = "mediatrans/_models/"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        wheel = build(work)
        released = check_contents(wheel)
        check_installed(wheel, work, released)
    print(f"{wheel.name}: released models {sorted(released)}; the demo runs without torch")


def build(work: Path) -> Path:
    source = work / "source"
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    (source / "models" / "stray").mkdir(parents=True)
    (source / "models" / "stray" / "card.toml").write_text('name = "stray"\n')
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(work), str(source))
    (wheel,) = work.glob("*.whl")
    return wheel


def check_contents(wheel: Path) -> set[str]:
    """The models in the wheel, which must be those that pyproject.toml lists."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    build_files = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    named = {Path(path).name for path in build_files.get("force-include", {})}
    names = zipfile.ZipFile(wheel).namelist()
    inside = {name.removeprefix(SHIPPED).split("/")[0] for name in names if SHIPPED in name}
    assert inside == named, f"the wheel holds the models {inside}, pyproject.toml lists {named}"
    outside = [name for name in names if not name.startswith("mediatrans")]
    assert not outside, f"the wheel holds unexpected files: {outside}"
    return inside


def check_installed(wheel: Path, work: Path, released: set[str]) -> None:
    home = work / "venv"
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    python = str(scripts / "python")
    pip(python, "install", "--constraint", str(ROOT / "constraints.txt"), str(wheel))
    empty = work / "empty"
    empty.mkdir()
    environment = {**os.environ, "HOME": str(work), "XDG_DATA_HOME": str(work / "data")}

    def mediatrans(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(scripts / "mediatrans"), *words],
            cwd=empty,
            env=environment,
            capture_output=True,
            text=True,
        )

    torch = subprocess.run([python, "-c", "import torch"], capture_output=True, cwd=empty)
    assert torch.returncode != 0, "torch is installed, so this check proves nothing"
    doctor = mediatrans("doctor")
    assert doctor.returncode == 0, doctor.stderr
    models = mediatrans("models", "--json")
    assert {json.loads(line)["name"] for line in models.stdout.splitlines()} == released, models
    train = mediatrans("train", "a", "b")
    assert train.returncode == 2, train
    assert 'pip install "mediatrans[train]"' in train.stderr, train.stderr
    demo = mediatrans("demo", "--seconds", "1")
    assert demo.returncode == 0, demo.stderr
    assert (empty / "demo" / "winter.mp4").stat().st_size > 10_000
    check = mediatrans("check", "demo/summer.mp4", "demo/winter.mp4", "--report", "r.html")
    assert check.returncode == 0, check.stderr
    assert "</html>" in (empty / "r.html").read_text(encoding="utf-8")


def pip(python: str, *words: str) -> None:
    command = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
