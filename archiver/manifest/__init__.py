"""The chain of numbered manifests: what was asked for, what was proven, what became of it."""
