"""The engines, which run a generator's graph; only this folder depends on a runtime."""
