"""The guard of replies: checks a draft against the desk's words, its sources and the ticket."""

from policies.replies.checks import check_reply

__all__ = ["check_reply"]
