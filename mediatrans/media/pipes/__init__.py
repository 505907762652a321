"""Videos through standard input and output."""
