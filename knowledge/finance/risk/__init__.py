"""What may go otherwise: scenarios, one input at a time, and ten thousand paths together, all over one projection."""
