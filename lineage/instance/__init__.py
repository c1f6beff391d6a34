"""The server wing: what takes facts in, keeps them and answers questions."""
