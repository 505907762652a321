"""Colour conversion: Y'CbCr and HDR of videos, profiles and bit depths of pictures, sRGB."""
