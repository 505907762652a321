"""From a trained pair to a model folder: ONNX graphs, their parity with torch, the card."""
