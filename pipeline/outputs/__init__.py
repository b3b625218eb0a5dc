"""What leaves: the delivery folder and everything in it."""
