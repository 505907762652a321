"""Still pictures: reading, colours, metadata, writing."""
