"""Frames to files: videos, animations, pictures and pipes, whole or not at all."""
