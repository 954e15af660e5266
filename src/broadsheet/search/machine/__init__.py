"""What an index needs of the machine: mapped files, locks, threads, compiled loops. What files hold: the others."""
