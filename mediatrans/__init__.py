"""mediatrans: learn an unpaired translation between two folders of pictures, then apply it."""

__version__ = "0.1.0"
