"""What Broadsheet keeps about papers: tables and reads, the verbs that change them, and how their text is shown."""
