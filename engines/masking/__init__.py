"""Personal data out of every text before a model sees it, and back into what the model wrote."""

from engines.masking.mask import Mask, mask_for, redact

__all__ = ["Mask", "mask_for", "redact"]
