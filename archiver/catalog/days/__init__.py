"""Portal days by what the chain says of them: which are settled, which are due and when."""
