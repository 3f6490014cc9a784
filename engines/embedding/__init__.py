"""Texts as vectors, on the CPU and with no network."""

import os

# onnxruntime reads this when it is imported. Without it, it keeps a device id and sends usage
# data to its maker; its `disable_telemetry_events` comes too late to stop that.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
