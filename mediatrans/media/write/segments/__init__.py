"""Long videos in segments, gone on with after an interruption."""
