"""The stages that a batch of frames passes on its way through the generator."""
