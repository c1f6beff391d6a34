"""One module for each neighbour; none of them knows another."""
