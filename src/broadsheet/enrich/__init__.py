"""What is known of papers beside their record: from their own text, and from other places."""
