"""The runtimes that run a generator's graph; nothing outside this folder names one."""
