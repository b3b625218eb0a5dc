"""What comes in from the world: scenes, water samples, land parcels; normalised once, at the door."""
