"""What several shards cost, how evenly they share, and what one that is killed does to the others."""
