"""Learning a pair: CycleGAN networks, data, the training loop, checkpoints and export."""
