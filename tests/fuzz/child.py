"""The process that meets the damaged files: one case a line, one answer a line.

Run as `python -m tests.fuzz.child` with JSON objects on stdin: `{"kind": "cli", "words": [...]}`
or `{"kind": "recipe", "path": "..."}`.
"""

import contextlib
import faulthandler
import io
import json
import logging
import os
import resource
import sys
import traceback
from pathlib import Path
from typing import Any

_MOST_MEMORY = 8 << 30


def main() -> None:
    """Answer until stdin ends."""
    faulthandler.enable()
    # Unlike the command line's own handler it finds the stderr of each case.
    logging.getLogger().addHandler(logging.lastResort or logging.NullHandler())
    # A file that asks for more must be refused, not bring the machine down.
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, resource.RLIM_INFINITY))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = _code(json.loads(line))
        print(json.dumps({"code": code, "said": said.getvalue()[-3000:]}), file=answers, flush=True)


def _code(case: dict[str, Any]) -> int:
    from mediatrans.cli.main import run
    from mediatrans.errors import MediatransError
    from mediatrans.training.recipe import load_recipe

    if case["kind"] == "cli":
        return int(run(case["words"]))
    try:
        load_recipe(Path(case["path"]))
    except MediatransError as error:
        return int(error.exit_code)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
