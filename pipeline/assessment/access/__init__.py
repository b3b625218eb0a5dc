"""Access of homes to green and parks: who is near enough, straight or along streets, and who is not."""
