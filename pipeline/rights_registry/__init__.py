"""What the land register says, beside what was seen."""
