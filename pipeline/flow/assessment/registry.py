"""The parts of the assessment, in order: a later one may read what earlier ones tell."""

from pipeline.flow.assessment.part import Part

PARTS: tuple[Part, ...] = ()
