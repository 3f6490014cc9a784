"""Finds identifiers, sums, dates, phones and addresses in a text.

What is found here becomes a field of a ticket, so each finder takes only what it is sure of.
`text.figures` and `text.hosts` build the looser readers of the guard of replies on these, and
`text.contacts` has those of masking.
"""
