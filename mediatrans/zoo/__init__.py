"""The zoo: model folders with their cards and graphs, and the search for the one that is meant."""
