"""What readers do with papers and with each other: votes, comments, submissions, claims, lists, moderation."""
