"""Devices that do not exist, and what they would send: believable readings, troubles and faults, all from one seed.

Everything but the sinks and ``registering`` is pure. A value is a function of the seed, the device and the moment, so
that a history made yesterday and a live demonstration started today are one course without anything being kept.
"""
