"""What only a disposal needs: what the rules mean, what is due, the plan, a second clock."""
