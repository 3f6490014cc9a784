"""Texts as vectors, on the CPU and with no network."""

import os

# Without this, set before onnxruntime is imported, it keeps a device id and sends usage
# events to its maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
