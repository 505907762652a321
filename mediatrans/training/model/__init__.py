"""The networks of a CycleGAN, its losses and its step."""
