"""Scenes: where they are found, what an item means, which are taken, what a sensor is."""
