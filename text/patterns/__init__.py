"""Finds identifiers, sums, dates, phones and addresses in a text."""
