"""Pixels to pixels: engines, stages and the translator around them."""
