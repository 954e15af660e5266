"""Every list as a feed: Atom, RSS and JSON Feed at the address of its page, private feeds, and OPML."""
