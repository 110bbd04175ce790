"""What `migrate lint` finds besides hazards."""
