"""Personal data out of every text before a model sees it, and back into what the model wrote."""

from engines.masking.mask import Mask, create_mask, redact_text

__all__ = ["Mask", "create_mask", "redact_text"]
