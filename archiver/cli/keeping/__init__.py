"""The commands of what is kept, and what is taken away."""
