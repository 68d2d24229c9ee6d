"""A cluster: jobs of recordings done on many machines, beside the one that lists and enters."""
