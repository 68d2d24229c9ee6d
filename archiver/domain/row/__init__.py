"""What a row of a report says: its fields, its id, and whether it says something else now."""
