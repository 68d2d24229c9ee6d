"""What everything that speaks HTTP stands on."""
