"""The parts of the assessment, a file for each: no entry imports what reads or computes."""
