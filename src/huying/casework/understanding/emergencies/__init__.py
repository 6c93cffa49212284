"""Danger in a message, found by words and rules, with high recall."""
