"""Files to frames: videos, animations, folders, pictures and pipes."""
