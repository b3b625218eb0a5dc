"""How the assessment is shown in the report: `section` says what a section is, `registry` lists them."""
