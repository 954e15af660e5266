"""Pure text: words written in several ways, names of people, what texts define and queries ask. No index."""
