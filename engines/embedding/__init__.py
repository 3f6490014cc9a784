"""Texts as vectors, on the CPU and with no network."""

import os

# Since 1.31 onnxruntime sends usage data to its maker, on Linux too, and its
# `disable_telemetry_events` comes too late to stop that. It reads this when it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import os

# Without this, set before onnxruntime is imported, it keeps a device id and sends usage
# events to its maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
