"""The windows of a run as the portal lists them, in slices that fit the life of their links."""
