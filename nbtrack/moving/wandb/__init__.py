"""What W&B keeps of runs that were recorded offline."""
