"""What comes first: lists of papers in order of votes and trending in ``lists``, each list that can be followed in
``listings``, and when each paper came onto one in ``entries``.
"""
