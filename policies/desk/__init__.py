"""A desk's policy files as typed, validated models."""
