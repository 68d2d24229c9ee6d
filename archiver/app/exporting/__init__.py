"""What only an export needs: the plan, the copying, the parts, and its entry in the chain."""
