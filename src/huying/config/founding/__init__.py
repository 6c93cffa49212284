"""The first hour of a new place."""
