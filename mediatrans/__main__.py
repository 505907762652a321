"""`python -m mediatrans`: the same as the console script."""

from mediatrans.cli.main import main

if __name__ == "__main__":
    main()
