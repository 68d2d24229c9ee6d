"""Setting the tool up."""
