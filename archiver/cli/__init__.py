"""The door: thin commands that read options, call the work below and print what came of it."""
