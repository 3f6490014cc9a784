"""Measures quality on labelled tickets, and fits models and calibration on them."""
