"""Colours: a video's own, a picture's profile and depth, and the sRGB between them."""
