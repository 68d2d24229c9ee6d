"""The records that a manifest is made of, by what they are about."""
