"""The translation of pixels: engines, stages and the translator."""
