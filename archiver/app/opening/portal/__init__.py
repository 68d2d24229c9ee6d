"""The portal of some settings, and the hosts of its media."""
