"""The classifier: texts into runs of signs, a linear model with calibrated probabilities, and how well it does."""
