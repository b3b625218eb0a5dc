"""The commands beside `run`, one file each: what they answer, without printing it."""
