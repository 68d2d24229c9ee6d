"""The words of this project as values, and the pure rules about them."""
