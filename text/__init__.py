"""Reads text: cleaning, and finding money, dates, phones, addresses and hosts. Pure functions."""
