"""A run: its loop, its data set, its records and samples."""
