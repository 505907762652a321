"""The real command line, in one of several processes, with a trouble at a step of one of them.

The environment says which: TROUBLE="RANK KIND STEP". At its end each process leaves the weights it
holds in SPIED/<rank>.pt.
"""

import errno
import os
import signal
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from mediatrans.cli.main import main
from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.training.model.losses import Losses

RANK = int(os.environ["RANK"])
SPIED = Path(os.environ["SPIED"])
TROUBLED, KIND, STEP = os.environ.get("TROUBLE", "-1 none 0").split()

held: list[CycleGAN] = []
plain_step, plain_save = CycleGAN.step, torch.save


def spied_step(model: CycleGAN, a: Tensor, b: Tensor, *rest: Any) -> Losses:
    held[:] = [model]
    if int(TROUBLED) == RANK and model.state_dict()["steps"] + 1 == int(STEP):
        if KIND == "nan":
            a = a * float("nan")
        elif KIND == "bug":
            raise ZeroDivisionError("something nobody thought of")
        elif KIND == "launcher":
            os.kill(os.getppid(), signal.SIGINT)
        elif KIND == "full":
            full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            mock.patch.object(torch, "save", side_effect=full).start()
        else:
            signal.raise_signal(signal.Signals[KIND])
    return plain_step(model, a, b, *rest)


if __name__ == "__main__":
    try:
        with mock.patch.object(CycleGAN, "step", spied_step):
            main()
    finally:
        for model in held:
            SPIED.mkdir(exist_ok=True)
            plain_save(model.state_dict(), SPIED / f"{RANK}.pt")
