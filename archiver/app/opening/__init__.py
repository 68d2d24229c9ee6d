"""What every use case opens: the settings in force, an archive, a portal, a window."""
