"""What a reply may say.

Checks of a draft against the desk's own words, its cited sources and the ticket's record.
"""

from policies.replies.checks import warnings_of

__all__ = ["warnings_of"]
