"""What became of every input, and the forms in which it is told."""
