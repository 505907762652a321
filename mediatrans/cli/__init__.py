"""The command line: flags to one options object to one call to an exit code."""
