"""What TeX's names stand for in Unicode: tables only; who reads TeX with them lives in markup, repairs and readable."""

import re
import unicodedata


def names(text: str) -> frozenset[str]:
    """The words of ``text``, so that long tables stay legible."""
    return frozenset(text.split())


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


GREEK = _pairs("""
alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν
xi ξ pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω varkappa ϰ
Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω upmu μ textmu μ
""")

OPERATORS = _pairs("""
times × cdot ⋅ pm ± mp ∓ div ÷ ast ∗ star ⋆ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ wedge ∧ land ∧ vee ∨ lor ∨
cap ∩ cup ∪ bigcup ⋃ bigcap ⋂ setminus ∖ sum ∑ prod ∏ int ∫ oint ∮ rtimes ⋊ ltimes ⋉ amalg ⨿ dagger † ddagger ‡
leq ≤ le ≤ leqslant ≤ geq ≥ ge ≥ geqslant ≥ neq ≠ ne ≠ approx ≈ sim ∼ simeq ≃ cong ≅ equiv ≡ asymp ≍ propto ∝ ll ≪ gg ≫
lesssim ≲ gtrsim ≳ lessapprox ⪅ gtrapprox ⪆ prec ≺ succ ≻ preceq ⪯ succeq ⪰ in ∈ notin ∉ ni ∋ subset ⊂ supset ⊃
subseteq ⊆ supseteq ⊇ subsetneq ⊊ nsubseteq ⊈ sqsubseteq ⊑ vdash ⊢ dashv ⊣ vDash ⊨ models ⊨ mid ∣ nmid ∤ parallel ∥
perp ⊥ to → rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⇒ iff ⇔
longrightarrow ⟶ longleftarrow ⟵ mapsto ↦ uparrow ↑ downarrow ↓ updownarrow ↕ nearrow ↗ searrow ↘ hookrightarrow ↪
rightleftharpoons ⇌ leadsto ⇝ triangleq ≜ coloneqq ≔ colon :
""")

OTHERS = _pairs("""
infty ∞ ell ℓ hbar ℏ nabla ∇ partial ∂ forall ∀ exists ∃ nexists ∄ emptyset ∅ varnothing ∅ top ⊤ bot ⊥ angle ∠ prime ′
neg ¬ lnot ¬ aleph ℵ Re ℜ Im ℑ wp ℘ square □ Box □ blacksquare ■ diamond ⋄ Diamond ◇ triangle △ bigstar ★ checkmark ✓
cmark ✓ xmark ✗ natural ♮ sharp ♯ flat ♭ ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ dotsc … dotsb ⋯ hdots … therefore ∴
langle ⟨ rangle ⟩ lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ vert | lvert | rvert | Vert ‖ lVert ‖ rVert ‖ lbrace { rbrace }
deg ° degree ° textdegree ° percent % backslash \\ slash / copyright © textcopyright © registered ® textregistered ®
texttrademark ™ textbullet • S § P ¶ pounds £ euro € texteuro € textsection § dag † ddag ‡ textdagger † copyleft 🄯
textless < textgreater > lt < gt > textbar | textunderscore _ textasciitilde ~ textasciicircum ^ textbackslash \\
textemdash — textendash – textquoteright ’ textquoteleft ‘ textquotedblleft “ textquotedblright ” textellipsis …
LaTeX LaTeX TeX TeX BibTeX BibTeX textpm ± texttimes × textmu μ textohm Ω ohm Ω celsius °C textcelsius °C
""")

LETTERS = _pairs("ss ß o ø O Ø l ł L Ł ae æ AE Æ oe œ OE Œ aa å AA Å i ı j ȷ dh ð DH Ð th þ TH Þ dj đ DJ Đ ng ŋ NG Ŋ")

# Names that also mean a sign when TeX lost its backslash; ``in`` or ``to`` alone are words, of course.
SYMBOLS: dict[str, str] = GREEK | OPERATORS | OTHERS

FUNCTIONS = names(
    """arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup
    ln log max min mod Pr sec sin sinh sup tan tanh tr Tr poly polylog rank diag sgn sign"""
)

# Accent command -> combining character.
ACCENTS: dict[str, str] = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331", "t": "\u0361",
}  # fmt: skip

MATH_ACCENTS: dict[str, str] = {
    "hat": "\u0302", "widehat": "\u0302", "Hat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "Tilde": "\u0303",
    "bar": "\u0304", "overline": "\u0304", "Bar": "\u0304", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308",
    "breve": "\u0306", "check": "\u030c", "acute": "\u0301", "grave": "\u0300", "mathring": "\u030a",
}  # fmt: skip

_RAISED = dict(zip("0123456789+-−=()n*′∘°†‡®™", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ*′°°†‡®™", strict=True))
_LOWERED = dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True))

DOUBLE_STRUCK = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ", "1": "𝟙"}

ABBREVIATIONS: dict[str, str] = {
    "eg": "e.g.", "Eg": "E.g.", "ie": "i.e.", "Ie": "I.e.", "etc": "etc.", "cf": "cf.", "Cf": "Cf.", "etal": "et al.",
    "wrt": "w.r.t.", "vs": "vs.", "aka": "a.k.a.", "viz": "viz.", "resp": "resp.",
}  # fmt: skip


def script(mark: str, text: str) -> str:
    """Set ``text`` as a superscript (``mark`` ^) or subscript (_) as well as plain Unicode can.

    Returns raised or lowered characters where all of them exist, else the mark with the text, in parentheses when
    it is more than one word: ``^{2/p}`` becomes ``^(2/p)``.
    """
    table = _RAISED if mark == "^" else _LOWERED
    if text and all(sign in table for sign in text):
        return "".join(table[sign] for sign in text)
    if len(text) == 1 or text.isalnum() or re.fullmatch(r"\([^()]*\)", text):
        return mark + text
    return f"{mark}({text})" if text else ""


def accented(mark: str, letters: str) -> str:
    """Put the combining character ``mark`` on the first of ``letters`` (a dotless i or j counts as the plain one)."""
    first = {"ı": "i", "ȷ": "j"}.get(letters[0], letters[0])
    return unicodedata.normalize("NFC", first + mark) + letters[1:]


def enclosed(text: str) -> str:
    """``text`` in parentheses where it is more than one word or number, as a fraction's part needs it."""
    return text if not text or text.isalnum() or len(text) == 1 else f"({text})"


# Where the mathematical alphabets begin: capital A, small a, capital Alpha, small alpha, digit 0 (0: there is none).
_ALPHABETS: dict[str, tuple[int, int, int, int, int]] = {
    "bold": (0x1D400, 0x1D41A, 0x1D6A8, 0x1D6C2, 0x1D7CE),
    "bold-italic": (0x1D468, 0x1D482, 0x1D71C, 0x1D736, 0x1D7CE),
    "script": (0x1D49C, 0x1D4B6, 0, 0, 0),
    "fraktur": (0x1D504, 0x1D51E, 0, 0, 0),
    "double-struck": (0x1D538, 0x1D552, 0, 0, 0x1D7D8),
    "sans-serif": (0x1D5A0, 0x1D5BA, 0, 0, 0x1D7E2),
    "monospace": (0x1D670, 0x1D68A, 0, 0, 0x1D7F6),
}
# Letters that Unicode had before it took in the whole alphabets.
_EARLIER = {
    "script": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "fraktur": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
    "double-struck": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
}
_RANGES = (("A", "Z"), ("a", "z"), ("Α", "Ω"), ("α", "ω"), ("0", "9"))


def styled(text: str, style: str, element: str) -> str:
    """``text`` in one of the mathematical alphabets, which today's browsers show where they ignore ``mathvariant``.

    style: a value of MathML's ``mathvariant``. element: the MathML element's name; words (``mtext``) stay as they are.
    """
    if style not in _ALPHABETS or element not in {"mi", "mn"}:
        return text
    return "".join(_EARLIER.get(style, {}).get(sign) or _in_alphabet(sign, _ALPHABETS[style]) for sign in text)


def _in_alphabet(sign: str, starts: tuple[int, ...]) -> str:
    for (first, last), start in zip(_RANGES, starts, strict=True):
        if start and first <= sign <= last:
            return chr(start + ord(sign) - ord(first))
    return sign
