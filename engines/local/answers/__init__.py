"""Which article answers a ticket by itself, and what in a ticket keeps it from being
answered so.
"""
