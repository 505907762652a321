"""Media files: reading and writing of pictures and videos, and copying of their other streams."""
