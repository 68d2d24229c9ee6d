"""What reaches the terminal, the log, and whoever waits."""
