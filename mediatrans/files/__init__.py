"""Everything that touches the file system: whole files under final names, crash-safe journals."""
