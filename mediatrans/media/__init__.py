"""Files to frames to files: pictures, video, and the streams copied beside it."""
