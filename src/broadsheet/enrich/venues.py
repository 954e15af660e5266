"""Names of conferences and journals as they stand in authors' comments. Whether a paper is accepted there: ``said``."""

import re
from typing import NamedTuple

# Spellings on the left of a sign of equality are shown as what stands on its right.
_KNOWN = """
3DV AAAI AACL AAMAS ACC ACCV ACIIDS ACIVS ACL=ACL ACNS AIED AIES AISTATS ALT APPROX APSEC ARES ASE Asiacrypt ASONAM
ASPLOS ASRU AutoML BIBM BioNLP BMVC BPM CADE CAIN CAiSE CASE CAV CC CCC CCGrid CCS CDC CEC CHI CHIIR CHIL CIDR CIKM
CLeaR CLEF CoG COLING CoLLAs COLM COLT CONCUR CoNLL CoRL COSIT CP CPAIOR CPAL CPP CRYPTO CSCW CSEE&T CSL CVPR
CVPRW=CVPR DAC DAFx DAS DATE DCASE DEXA DIS DISC DLT DSAA DSN EAAI EACL EASE EC ECAI ECC ECCV ECIR ECML
ECML-PKDD=ECML~PKDD ECML/PKDD=ECML~PKDD ECMLPKDD=ECML~PKDD EDBT EDM EMBC EMNLP ESA ESANN ESEM ESORICS ESWC EurIPS
Eurocrypt Eurographics EuroS&P EuroSys EUSIPCO EvoApplications EvoMUSART EvoStar FAccT FAST FCCM FCT FG FinNLP FIRE
FMCAD FOCS FOGA FPGA FPL FSCD FSE FSTTCS FUSION GD GECCO GLOBECOM GRAPP HCII HICSS HPCA HRI HSCC ICAART ICAIF ICAIL
ICALP ICANN ICAPS ICAR ICASSP ICC ICCAD ICCC ICCD ICCS ICCV ICCVW=ICCV ICDAR ICDCS ICDE ICDM ICDT ICECCS ICECS ICIAP
ICIP ICLP ICLR ICME ICMI ICML ICMLA ICMR ICONIP ICPC ICPE ICPP ICPR ICRA ICSE ICSME ICTAI ICTIR ICVGIP ICWE ICWS ICWSM
IEA/AIE IGARSS IJCAI IJCAR IJCB IJCNLP IJCNN INFOCOM INLG Interspeech InterSpeech=Interspeech INTERSPEECH=Interspeech
IPDPS IPSN IROS ISAAC ISBI ISCA ISCAS ISIT ISMAR ISMB ISMIR ISSRE ISSTA ISWC ITCS ITP ITSC ITW IUI IV IVA IWANN IWCS
IWSLT JCDL JURIX KDD KR L4DC LAK LATIN LAW LICS LoG LREC LREC-COLING MASCOTS MediaEval MEDIAN MFCS MICCAI MICRO
Middleware MIDL MIKM ML4H MLHC MLSP MLSys MM MMM MMSys MOBICOM=MobiCom MobiSys MSR MUM NAACL NDSS NeSy NeurIPS
Neurips=NeurIPS NEURIPS=NeurIPS NIME NIPS=NeurIPS NSDI OFC OOPSLA OPODIS OSDI PAKDD PAM PEARC PETS PLDI PODC PODS POPL
PPAM PPDP PPoPP PPSN PRICAI PRIMA PSB QCE QIP RANLP RE RECOMB RecSys RLC RLDM RO-MAN ROMAN=RO-MAN RSS RTSS RV SAGT
SANER SAT SaTML SC SDM SEAMS SEKE SemEval Sensys=SenSys SIGCOMM SIGCSE SIGDIAL SIGGRAPH SIGIR SIGIR-AP SIGKDD=KDD
SIGMETRICS SIGMOD SIGSPATIAL SIROCCO SLT SoCG SoCS SODA SOFSEM SOSA SOSP SPAA SPAWC STACS STOC SWAT SYNASC TACAS TARK
TCC TPDL TQC TREC UAI UbiComp UIST UMAP UniReps VAST VIS VLDB VLSI VR VTC WACV WADS WASPAA WCNC WINE WiOpt WMT WSC
WSDM WWW XAI EUROSYS=EuroSys
"""
_SHOWN = {
    spelled: shown.replace("~", " ") or spelled
    for spelled, _, shown in (word.partition("=") for word in _KNOWN.split())
}
# Acronyms that are also plain words or other things; they need a year.
_COMMON_WORDS = """
ACC ALT ASE CASE CAV CC CCC CCS CEC CHI CP CSL DAC DAS DATE DIS DISC EC ECC ESA FAST FCT FG FIRE FSE GD ICC ITP ITW
IV IVA KR LATIN LAW LoG MEDIAN MICRO MM MMM MSR MUM PAM PRIMA RE RSS RV SAT SC SIGGRAPH SLT TREC VIS VR WINE XAI
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_SPACED = {
    "ECML PKDD": r"ECML[\s-]+PKDD",
    "USENIX Security": r"USENIX\s+Security(?:\s+Symposium)?",
    "IEEE S&P": r"IEEE\s+S&P|IEEE\s+Symposium\s+on\s+Security\s+and\s+Privacy",
    "ACM Multimedia": r"ACM\s+(?:Multimedia|MM)\b",
    "SPIE Medical Imaging": r"SPIE\s+Medical\s+Imaging",
    "SIGGRAPH Asia": r"SIGGRAPH\s+Asia",
    "The Web Conference": r"(?:The\s+)?(?:ACM\s+)?Web\s+Conference|TheWebConf",
    "Euro S&P": r"Euro\s*S&P",
    "WACV": r"Winter\s+Conference\s+on\s+Applications\s+of\s+Computer\s+Vision",
}
_YEAR = r"(?:[\s,]*[(\[]?[\s,'’`-]{0,3}((?:20[12]\d)|(?:(?<=['’`A-Z-])[12]\d))(?!\d))"
_NAMES = "|".join(
    [f"(?P<s{place}>{pattern})" for place, pattern in enumerate(_SPACED.values())]
    + [f"(?P<known>{'|'.join(sorted((re.escape(one) for one in _SHOWN), key=len, reverse=True))})"]
)
_ACRONYM = re.compile(rf"(?<![\w/.-])(?:{_NAMES})(?![A-Za-z]|/[A-Z]){_YEAR}?")
_YEAR_BEFORE = re.compile(
    r"\b(20[12]\d)\s+(?:(?:ACM|IEEE(?:/CVF)?|AAAI|IEEE/RSJ|annual|the|edition|of)\s+)*$", re.IGNORECASE
)
_YEAR_AFTER = re.compile(r"^[^;.]{0,60}?\b(20[12]\d)\b")
_OTHER = re.compile(
    rf"(?<![\w/.@-])(?P<name>[A-Z][A-Za-z&+]*(?:[-/]?[A-Z0-9][A-Za-z&+]*)*[A-Z][A-Za-z]*){_YEAR}(?![\d-])"
)
_NO_VENUES = frozenset(
    (
        "ACM",
        "AI",
        "AND",
        "AT",
        "COVID",
        "EU",
        "GPT",
        "IEEE",
        "IN",
        "LLM",
        "LaTeX",
        "ML",
        "NLP",
        "NO",
        "PDF",
        "SARS",
        "THE",
        "TO",
        "UK",
        "URL",
        "USA",
        "VOL",
    )
)
_LONG = re.compile(
    r"(?:(?:International|European|Asian|Nordic|Annual|Joint|World|Asia[\s-]Pacific|American|German|Italian|IEEE(?:/[A-Z]+)?|ACM|IFAC|IFIP)\s+)+"
    r"(?:[A-Z][\w&-]+\s+){0,5}?(?:Conference|Symposium|Congress|Workshop|Meeting)"
    r"(?:\s+(?:on|for|of|in)(?:\s+(?:[A-Z][\w&/-]*,?|and|of|in|for|the|on|with))+)?"
)
_PLACE_AND_MONTH = re.compile(
    r"(?:,\s[^,]+){1,3},?\s(?:January|February|March|April|May|June|July|August|September|October|November|December)\b.*$"
)
_WORD = r"(?:[A-Z][\w&’'-]*\.?|IEEE)"
_SMALL = r"(?:of|the|and|on|in|for|with|&|de|für)"
_JOURNAL = re.compile(rf"{_WORD}(?::?,?\s+(?:{_SMALL}\s+){{0,2}}{_WORD}){{0,9}}")
_SIGNS = re.compile(
    r"""(?x)\b(?: Journal | Transactions? | Trans\. | Letters? | Lett\. | Review | Rev\. | Reviews | Magazine |
    Annals | Ann\. |
    Bulletin | Nature | Science | Communications? | Proceedings | Proc\. | PNAS | PRL | PR[ABCDEX] | PRR |
    PRXQ?\w* | Phys\. | J\. |
    Physica[A-Z]? | Physics | Chemistry | Mathematics | Math\. | Astronomy | Astrophysical | Monthly\ Notices |
    MNRAS | ApJ[LS]? | A&A |
    JHEP | JCAP | TMLR | JMLR | DMLR | TACL | JAIR | TPAMI | T-PAMI | IJCV | TIP | TNNLS | TKDE | TVCG |
    TCSVT | TMM | TRO | T-RO |
    RA-?L | RAL | PLOS | PLoS | Frontiers | Scientific\ Reports | Bioinformatics | Neurocomputing | Quantum |
    Entropy | Sensors |
    Computers? | Computing | Computation | Applications? | Systems | Networks? | Engineering | Research | Information |
    Intelligence | Studies |
    Access | Remote\ Sensing | Theory | Robotics | Analysis | Statistics | Optimization | Biology | Medicine |
    Patterns |
    Recognition | Learning | Materials | Energy | Advances | Reports | Statistica | Biometrika |
    Technometrics | Inventiones )\b"""
)
_LEAD = re.compile(
    r"""(?ix)^(?:[\s,:;–—("“*-]|for\b|to\b|at\b|by\b|in\b|on\b|as\b|an?\b|the\b|upcoming\b|be\b|being\b|
    published\b|publication\b|
    publishing\b|presentation\b|inclusion\b|appear\b|appears\b|accepted\b|
    peer[-\ ]reviewed\b|special\ issue\ of\b|journal[:,]|
    regular\b|full\b|research\b|article\b|paper\b|manuscript\b|version\b|press\b|with\b|minor\ revisions?\b|
    and\b|forthcoming\b|will\b)*"""
)
_ENDS = re.compile(
    r"(?:,?\s+(?:Vol(?:ume)?|Issue|No|pp?|Special|Section|DOI|arXiv|Code|Project|Main|Author|January|February|March|April|May|June|"
    r"July|August|September|October|November|December|Copyright|Final|Preprint|Accepted|The|This|Please|Published|Spring|"
    r"Summer|Autumn|Fall|Winter|"
    r"AAM|In|Manuscript|Available|See|Supplement\w*)\b.*)$",
    re.DOTALL,
)


class Named(NamedTuple):
    """A venue named in a text. name: as shown, with its year where one stands there. known: it is in the list."""

    name: str
    start: int
    end: int
    known: bool
    year: bool


def first(clause: str) -> Named | None:
    """Return the first conference that a clause names, the known ones before others; None where it names none."""
    for match in _ACRONYM.finditer(clause):
        named = _named(clause, match)
        if named:
            return named
    for match in _OTHER.finditer(clause):
        if match["name"] not in _NO_VENUES and not _is_author(clause, match.start()):
            return Named(f"{match['name']} {_full(match[2])}", match.start(), match.end(), known=False, year=True)
    if (long := _LONG.search(clause)) and len(long[0].split()) > 2:
        name = _PLACE_AND_MONTH.sub("", long[0])
        name = re.sub(r"(?:\s+(?:and|of|in|for|the|on|with)|,)+$", "", name)
        after = _YEAR_AFTER.search(clause[long.end() :])
        return Named(f"{name} {after[1]}" if after else name, long.start(), long.end(), known=False, year=bool(after))
    return None


def _named(clause: str, match: re.Match[str]) -> Named | None:
    known = match["known"]
    name = _SHOWN[known] if known else next(shown for place, shown in enumerate(_SPACED) if match[f"s{place}"])
    year = match[match.re.groups] or ""
    if not year and (before := _YEAR_BEFORE.search(clause[: match.start()])):
        year = before[1]
    if not year and known not in _COMMON and (after := _YEAR_AFTER.search(clause[match.end() :])):
        year = after[1]
    if not year and known in _COMMON:
        return None
    return Named(f"{name} {_full(year)}".strip(), match.start(), match.end(), known=True, year=bool(year))


def stands_alone(clause: str, found: Named) -> bool:
    """Whether a clause without ``accepted`` still says so: it begins with a known venue and its year."""
    if _WORKSHOP_AT.search(clause[: found.start]) and found.known and found.year:
        return not _CONTEST.search(clause)
    before = re.sub(
        r"(?i)\b(?:in|at|the|proc(?:eedings)?\.?|of|conference|paper|to|\d+(?:st|nd|rd|th))\b|20\d\d|ACM|IEEE(?:/CVF)?|\W",
        "",
        clause[: found.start],
    )
    after = clause[found.end :]
    return found.known and found.year and not before and not _CONTEST.search(after)


_WORKSHOP_AT = re.compile(
    r"(?i)^[\w\s&,()'’:-]{0,100}\bworkshop\b[\w\s,()]{0,30}(?:\b(?:at|in|of)|@|,)\s*(?:IEEE(?:/CVF)?|ACM|the)?\s*$"
)
_CONTEST = re.compile(
    r"(?i)\b(?:challenge|competition|shared task|solution|report|rebuttal|review|reviewers?|version|preprint|deadline|"
    r"draft|conference (?:submission|template)|reproducib)"
)


def journal(after: str) -> Named | None:
    """Return the journal or book that stands behind ``accepted for publication in`` and the like.

    after: what follows these words. Only what reads like the name of one is taken.
    """
    lead = _LEAD.match(after)
    start = lead.end() if lead else 0
    match = _JOURNAL.match(after, start)
    if not match:
        return None
    name = _ENDS.sub("", match[0]).strip(" .,:")
    name = re.sub(r"\s+(?:of|the|and|on|in|for|with|&|de)$", "", name)
    if not _SIGNS.search(name) or len(name) > 120 or name.lower() in _NO_NAMES:
        return None
    return Named(name, match.start(), match.start() + len(name), known=False, year=False)


_NO_NAMES = frozenset(
    {
        "journal",
        "proceedings",
        "nature of",
        "conference",
        "letters",
        "physics",
        "ieee transactions",
        "transactions",
        "research",
    }
)


def _full(year: str) -> str:
    return f"20{year}" if len(year) == 2 else year


def _is_author(clause: str, start: int) -> bool:
    """Whether a name stands behind ``Code:`` and the like, where it is no venue's."""
    return bool(re.search(r"(?i)\b(?:dataset|code|model|arxiv|version)s?[:\s]*$", clause[:start]))
