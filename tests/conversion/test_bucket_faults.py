"""Faults of stores: clear errors with the right exit code, tried again within bounds."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fsspec.registry import _registry as registry
from werkzeug.wrappers import Request

from mediatrans import ExitCode
from mediatrans.cli.main import run
from tests.conversion.photos_in_bucket import whole, words
from tests.s3_server import S3Server

Fault = Callable[[Request], bool]


def of(method: str, part: str) -> Fault:
    return lambda request: request.method == method and part in request.path


FAULTS: dict[str, Callable[[S3Server, Fault], None]] = {
    "busy": lambda server, fault: setattr(server, "busy", fault),
    "dropped": lambda server, fault: setattr(server, "dropped", fault),
}


def test_a_missing_package_is_a_wrong_use(
    pair: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path("cache").absolute()))
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(registry, "s3", raising=False)
    assert run(words()) == ExitCode.USAGE
    assert 'pip install "mediatrans[s3]"' in capsys.readouterr().err


SLOWLY = ["busy", pytest.param("dropped", marks=pytest.mark.slow)]


@pytest.mark.parametrize("name", SLOWLY)
@pytest.mark.parametrize(
    ("fault", "code", "where"),
    [
        (of("GET", "/in/2.png"), ExitCode.INPUT, "s3://photos/in/2.png"),
        (of("PUT", "/out/2.png"), ExitCode.OUTPUT, "s3://photos/out/2.png"),
    ],
)
def test_a_fault_that_stays_fails_one_file(
    s3: S3Server,
    name: str,
    fault: Fault,
    code: ExitCode,
    where: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    met: list[str] = []

    def remembered(request: Request) -> bool:
        # The first bytes, which tell an animation, are asked for while the run is planned.
        if not fault(request) or "Range" in request.headers:
            return False
        met.append(request.path)
        return True

    FAULTS[name](s3, remembered)
    assert run(words()) == code
    assert 5 <= len(met) <= 10  # aiohttp repeats a request whose kept connection was closed
    said = capsys.readouterr().err
    assert f"{where}: " in said
    assert "after 5 attempts" in said
    assert "run the same command again" in said.replace("\n", " ")
    assert len(s3.objects("photos", "out/")) == 2
    FAULTS[name](s3, lambda _: False)
    assert run(words("-q")) == ExitCode.OK
    assert s3.objects("photos", "out/") == whole()


@pytest.mark.parametrize("name", SLOWLY)
def test_faults_that_pass_are_retried(s3: S3Server, name: str) -> None:
    seen: dict[tuple[str, str], int] = {}

    def at_first(request: Request) -> bool:
        key = request.method, request.full_path
        seen[key] = seen.get(key, 0) + 1
        return seen[key] == 1

    FAULTS[name](s3, at_first)
    assert run(words("-q")) == ExitCode.OK
    assert s3.objects("photos", "out/") == whole()


@pytest.mark.parametrize(
    ("source", "output", "code", "where"),
    [
        ("s3://not-there/in", "s3://photos/out", ExitCode.INPUT, "s3://not-there/in"),
        ("s3://photos/none", "s3://photos/out", ExitCode.INPUT, "s3://photos/none"),
        ("s3://photos/in", "s3://not-there/out", ExitCode.OUTPUT, "s3://not-there/out"),
        ("in", "s3://not-there/out", ExitCode.OUTPUT, "s3://not-there/out"),
    ],
)
def test_a_missing_bucket(
    s3: S3Server,
    source: str,
    output: str,
    code: ExitCode,
    where: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(words(source=source, output=output)) == code
    said = capsys.readouterr().err
    assert f"{where}: " in said
    assert "no such" in said
    assert "check the name" in said


@pytest.mark.parametrize(
    ("source", "output", "code", "where"),
    [
        ("s3://photos/in", "here", ExitCode.INPUT, "s3://photos/in"),
        ("in", "s3://photos/out", ExitCode.OUTPUT, "s3://photos/out"),
    ],
)
def test_wrong_credentials(
    s3: S3Server,
    source: str,
    output: str,
    code: ExitCode,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "WRONGKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "WrongSecret")
    assert run(words("-vv", "--log-file", "log", source=source, output=output)) == code
    said = capfd.readouterr()
    assert f"{where}: " in said.err
    assert "access is denied" in said.err
    assert "check the credentials" in said.err
    for text in (said.out, said.err, Path("log").read_text()):
        assert "WRONGKEY" not in text
        assert "WrongSecret" not in text
