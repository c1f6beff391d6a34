"""What users write above and inside their functions."""
