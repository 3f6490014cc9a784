"""What a reply may say.

Checks of a draft against the desk's own words, its cited sources and the ticket's record.
"""

from policies.replies.checks import check_reply

__all__ = ["check_reply"]
