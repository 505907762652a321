"""The writing of long videos in segments, which can be resumed after an interruption."""
