"""The stages, which process frames before and after the generator."""
