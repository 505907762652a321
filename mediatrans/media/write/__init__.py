"""Sinks, which write frames to videos, animations, pictures and pipes."""
