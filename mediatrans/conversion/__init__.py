"""Batch conversion: the plan, its tasks, and the report."""
