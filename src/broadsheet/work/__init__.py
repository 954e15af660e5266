"""Work that runs by itself: jobs and their runs, the gates before hosts, and what hosts answered before."""
