"""The portal's answers as they are served, and what can be read of them. Pure."""
