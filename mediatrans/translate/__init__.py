"""Pixels to pixels: the ONNX Runtime session and the translator around it."""
