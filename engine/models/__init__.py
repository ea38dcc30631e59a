"""Networks: what is known of each, where its file comes from, where it lies."""
