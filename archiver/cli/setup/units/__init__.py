"""A nightly ``archiver pull`` in the words of systemd, cron and Kubernetes. Pure."""
