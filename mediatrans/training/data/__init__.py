"""The pictures that a run learns from: found, prepared, kept and cropped."""
