"""What only a pull needs around its run: its scope, its start date, its words, who hears of it."""
