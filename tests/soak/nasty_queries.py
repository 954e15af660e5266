"""Queries that take as long as can be, of words that most papers hold, and heaps of signs. Each has a name."""

COMMON = """
    the of and a in to we for is that on with this as by are an be from our which can it at has have these not method
    methods model models data results show based using learning proposed performance new approach two also propose
    problem network networks training large analysis time used different paper system both between study tasks
    information algorithm state language framework its such more been their other than
""".split()  # noqa: SIM905 - in words
LONG = 10_000


def _long(parts: list[str]) -> str:
    """Return these parts over and over, up to as many characters as a query may be sent with."""
    text = " ".join(parts)
    return (text + " ") * (LONG // len(text) + 1)


def _each(form: str, number: int, begin: int = 0) -> str:
    return " ".join(form.format(word) for word in (COMMON * 3)[begin : begin + number])


def _pairs(number: int, form: str = '"{} {}"') -> str:
    words = COMMON * 3
    return " ".join(form.format(words[place], words[place + 7]) for place in range(number))


NASTY: dict[str, str] = {
    # long
    "10,000 characters of common words": _long(COMMON),
    "10,000 characters of one word": _long(["model"]),
    "10,000 characters without a blank": "x" * LONG,
    "10,000 characters of two letters": _long(["a", "b"]),
    "10,000 characters of different words": " ".join(f"w{place}ord" for place in range(1300))[:LONG],
    "10,000 characters of phrases": _long([_pairs(60)]),
    "10,000 characters of one phrase": f'"{_long(COMMON)}"',
    "10,000 characters of fields": _long([_each("ti:{}", 40), _each("abs:{}", 40), _each("au:{}", 40)]),
    "10,000 characters of ids": " ".join(f"id:2301.{place:05}" for place in range(700)),
    "10,000 characters of dates": _long([f"since:19{place}" for place in range(10, 96)]),
    "10,000 characters of categories": _long(["cat:cs", "cat:math", "cat:stat.ML", "cat:cs.LG", "cat:physics"]),
    "10,000 characters without categories": _long(["-cat:cs.LG", "-cat:math", "-cat:stat.ML"]),
    "10,000 characters of minus words": _long([_each("-{}", 80)]),
    "10,000 characters of orders": _long(["sort:date", "sort:votes"]),
    "10,000 characters of quotation marks": '"' * LONG,
    "10,000 characters of dashes": "- " * (LONG // 2),
    "10,000 characters of operators": "ti:" * (LONG // 3),
    "10,000 characters of emoji": "💥" * LONG,
    "10,000 characters of CJK": "論文の検索" * (LONG // 5),
    "10,000 characters of a ligature": "ﷺ" * LONG,
    "10,000 characters of accents": "a" + "\u0301" * LONG,
    "10,000 characters of compounds": _long(["self-supervised-pre-training", "data-driven-time-series"]),
    "a name of 10,000 characters": f'au:"{"a " * (LONG // 2)}"',
    # many conditions
    "ten conditions, mixed":
        "ti:learning abs:model au:wang ti:network abs:the abs:data -survey -review ti:of abs:using",
    "ten conditions of which nothing holds all":
        "ti:learning abs:model au:wang ti:network abs:data cat:math.AG abs:method ti:analysis has:code since:2025",
    "ten words in titles": _each("ti:{}", 10),
    "ten words in abstracts": _each("abs:{}", 10, 28),
    "ten common words in abstracts": _each("abs:{}", 10),
    "ten words in quotes": _each('"{}"', 10),
    "ten phrases": _pairs(10),
    "24 phrases": _pairs(24),
    "24 phrases of titles": _pairs(24, 'ti:"{} {}"'),
    "ten minus words": _each("model -{}", 10, 30),
    "24 minus words": "analysis " + _each("-{}", 24, 28),
    "24 minus words alone": _each("-{}", 24, 28),
    "24 minus phrases": "model " + _pairs(24, '-"{} {}"'),
    "24 minus words of abstracts": "model " + _each("-abs:{}", 24, 28),
    "24 names": " ".join(f"au:{name}" for name in ("wang zhang li liu chen yang zhao huang wu zhou " * 3).split()[:24]),
    "24 initials": " ".join(f'au:"{chr(97 + place)} wang"' for place in range(24)),
    "two conditions of which nothing holds both": "ti:survey ti:review au:wang abs:learning abs:qwertzuiop",
    "eleven words and one that nobody wrote": "the model of data shows results with new methods and qwertzuiop",
    "twelve parts of which nothing holds all": "qwertzuiop " + _each("{}", 11, 28),
    "twelve phrases of which nothing holds all": '"qwertzuiop asdf" ' + _pairs(11),
    # stop words
    "a phrase of two stop words": '"of the"',
    "a phrase of three stop words": '"in this paper"',
    "a phrase of stop words in titles": 'ti:"of the"',
    "a long phrase of stop words": '"we show that the of and in to for with this"',
    "without a phrase of stop words": 'model -"of the"',
    "stop words alone": "the of and",
    "a stop word in quotes": '"the"',
    "a stop word in the abstract": "abs:the",
    "without a stop word": "-the",
    "a common phrase of three": '"of a new"',
    "a common phrase with other words": '"machine learning" model data "neural network"',
    # orders
    "a common word by votes": "model sort:votes",
    "a common word by date": "model sort:date",
    "a common phrase by votes": '"of the" sort:votes',
    "a common phrase by date": '"of the" sort:date',
    "everything by votes": "-qwertzuiop sort:votes",
    "an archive by votes": "cat:cs sort:votes",
    "an archive of a long time": "cat:cs since:1990 until:2026",
    # other tongues, and what is no query
    "broken quotes": '"learning of "the model" data" network',
    "emoji": "💥 learning 🤖",
    "CJK": "深層学習 の 論文 au:山田",
    "control characters": "learning\x00\x1b[31m\u202e\u200b model\x07",
    "a regular expression": r".*(a+)+$ ^(learning|model)* [a-z]{1,99}",
    "SQL": "'; DROP TABLE papers_paper; -- learning' OR 1=1 UNION SELECT * FROM auth_user",
    "a lone surrogate": "learning \ud800 model",
    "a path and a template": "../../etc/passwd {{7*7}} ${jndi:ldap://example.org} <script>alert(1)</script>",
    "an author whom everybody has": "learning au:wang",
    "a common surname alone": "au:zhang",
    "an initial alone": "au:j",
    "fields in fields": "ti:abs:au:cat:learning -ti:-abs:model",
}  # fmt: skip
