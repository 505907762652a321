"""The engines, which run a generator's graph; only this folder depends on a runtime."""

import os

# Since version 1.29, ONNX Runtime sends telemetry unless this is set before it is imported, which
# several modules of this folder do.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
