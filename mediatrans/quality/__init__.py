"""The quality of a translation: metrics, the cycle check and the report."""
