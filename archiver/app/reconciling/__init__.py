"""What only a reconciliation needs: what it came to, and the calls that the portal lists."""
