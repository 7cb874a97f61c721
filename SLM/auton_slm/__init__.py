"""The small language model of an AUTON kernel, from data to the file that the kernel embeds."""

__version__ = "0.1.0"
