"""Telling others how a run went: a monitoring service by a ping, Prometheus by a file."""
