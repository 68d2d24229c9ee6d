"""How far a run goes, what that leaves to the next one, and what a long one will come to."""
