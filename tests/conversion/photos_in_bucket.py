"""The objects that the tests of buckets convert, `s3://photos/in/`, and the commands for it."""

import shutil
from pathlib import Path

from mediatrans import ConvertOptions
from mediatrans.cli.main import run
from tests.s3_server import S3Server

__all__ = ["OUT", "upload", "whole", "words"]

OUT = ConvertOptions(output=Path("s3://photos/out"), device="cpu")


def upload(server: S3Server) -> None:
    """Write the files of `in/` to the bucket."""
    for path in Path("in").rglob("*.*"):
        server.put("photos", path.as_posix(), path.read_bytes())


def words(*more: str, source: str = "s3://photos/in", output: str = "s3://photos/out") -> list[str]:
    return ["convert", source, "--to", "night", "-o", output, "--device", "cpu", *more]


def whole() -> dict[str, bytes]:
    """What a conversion of the local folder gives."""
    shutil.rmtree("whole", ignore_errors=True)
    assert run(["convert", "in", "--to", "night", "-o", "whole", "--device", "cpu", "-q"]) == 0
    return {
        path.relative_to("whole").as_posix(): path.read_bytes()
        for path in Path("whole").rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
