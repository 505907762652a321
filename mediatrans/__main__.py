"""`python -m mediatrans` and the console script."""

import signal

__all__ = ["main"]


def main() -> None:
    """Run the command line; until its handlers are installed, a signal ends the process."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mediatrans.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
