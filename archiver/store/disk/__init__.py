"""The private folders of a machine, walked without following links: part files and the run lock."""
