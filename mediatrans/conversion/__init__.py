"""The batch: inputs and options become a plan, tasks and a report."""
