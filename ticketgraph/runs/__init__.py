"""Runs: advancing one, deciding its approval, its results, its history."""
