"""The local engine: no model API, no network."""

import os

# Unless told so before it is imported, onnxruntime keeps a device id and sends usage events
# to its maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
