"""Conditions of rules, and the facts that they are evaluated on."""
