"""What tools/make_pairs.py runs: jobs, their inputs, and the limits they run under."""
