"""What is kept, and what is taken away."""
