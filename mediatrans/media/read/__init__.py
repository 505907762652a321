"""Sources, which read frames from videos, animations, folders, pictures and pipes."""
