"""Measures quality on labelled tickets, and fits what may be fitted on them."""
