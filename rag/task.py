"""What a question asks to be composed: a comparison, a summary, a briefing, an overview; or nothing of that kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rag.values import YEAR
from rag.words import OWNER

Kind = Literal["comparison", "summary", "briefing", "overview"]

_AND = r"(?:and|with|to|against|versus|vs\.?|from|和|与|跟)"
_ASPECT = r"(?:\s+(?:in terms of|with regard to|regarding|by|as to|concerning|on|in)\s+(?:their\s+)?(?P<aspect>.+?))?"
_COMPARE = (
    re.compile(rf"^(?:please\s+)?compare\s+(?P<a>.+?)\s+{_AND}\s+(?P<b>.+?){_ASPECT}[?.!]*$", re.IGNORECASE),
    re.compile(
        r"^(?:what(?:'s| is| are)\s+)?(?:the\s+)?(?:main\s+)?differences?\s+between\s+(?P<a>.+?)\s+and\s+"
        rf"(?P<b>.+?){_ASPECT}[?.!]*$",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^how\s+(?:do|does|did|is|are|was|were)\s+(?P<a>.+?)\s+(?:differ|compare|different)\s+{_AND}\s+"
        rf"(?P<b>.+?){_ASPECT}[?.!]*$",
        re.IGNORECASE,
    ),
    re.compile(r"^(?:请)?比较(?:一下)?(?P<a>.+?)[和与跟](?P<b>.+?)(?:的(?P<aspect>.+?))?[？?。]*$"),
)
_SUMMARISE = re.compile(
    r"^(?:please\s+)?(?:summari[sz]e|sum up|(?:give\s+(?:me\s+)?)?(?:a\s+|the\s+)?(?:short\s+|brief\s+)?summary of)"
    r"\s+(?P<what>.+?)[?.!]*$"
    r"|^(?:请)?(?:总结|概括)(?:一下)?(?P<chinese>.+?)[？?。]*$",
    re.IGNORECASE,
)
A_TEXT = "brief|document|paper|report|note|text|file|study|article|memo|publication"
_CHIEF = "main|key|most important|central|overall"
_POINTS = "(?:point|message|finding|argument|takeaway|conclusion|thesis|claim|idea|result)s?"
_WHAT_IT_SAYS = re.compile(
    rf"^what(?:'s| is| was)\s+(?P<about>.*\b(?:{A_TEXT})\b.*?)\s+(?:all\s+)?about[?.!]*$|"
    rf"^what\s+does\s+(?P<says>(?:this|the)\s+(?:[a-z]+\s+)?(?:{A_TEXT})(?:\s+\d+)?)\s+(?:say|argue|cover|discuss|contain)[?.!]*$|"
    rf"^what(?:'s|\s+is|\s+are)\s+the\s+(?:(?:{_CHIEF})\s+)?{_POINTS}\s+(?:of|in)\s+(?P<points>.*\b(?:{A_TEXT})\b.*?)[?.!]*$|"
    r"^(?P<chinese>.*(?:简报|文件|报告|文档))(?:讲了什么|说了什么|的主要内容是什么|是关于什么的)[？?。]*$",
    re.IGNORECASE,
)
_GIVE = r"(?:please\s+)?(?:(?:can|could) you\s+)?(?:(?:give|write|show)\s+(?:me\s+)?)?"
_OVERVIEW = r"(?:(?:an?|the)\s+)?(?:(?:quick|short|brief|general)\s+)?(?:overview|summary|synopsis)"
# A summary of whatever there is: what somebody asks who has just opened it.
_OF_WHAT_IS_HERE = re.compile(
    rf"^(?:{_GIVE}{_OVERVIEW}|(?:please\s+)?(?:summari[sz]e|sum up)|"
    r"what(?:'s|\s+is|\s+are)\s+(?:this|it|all this)(?:\s+all)?(?:\s+about)?|what\s+does\s+(?:this|it)\s+say|"
    rf"(?:what(?:'s|\s+is|\s+are)\s+)?(?:the\s+)?(?:{_CHIEF})\s+{_POINTS})(?:,?\s+please)?[?.!]*$|"
    r"^(?:请)?(?:总结|概括)(?:一下)?[？?。]*$|^(?:这是)?(?:关于)?(?:什么内容|关于什么的?)[？?。]*$|"
    r"^主要(?:内容|观点|发现|结论|信息)(?:是什么|有哪些)?[？?。]*$",
    re.IGNORECASE,
)
_THE_LIBRARY = (
    rf"(?:all\s+)?(?:of\s+)?(?:the|these|those|your|my|our)?\s*(?:(?:{A_TEXT}|source|studie)s|library|corpus|collection|"
    r"everything)"
)
_WHAT_IS_THERE = re.compile(
    rf"^(?:what\s+do(?:es)?\s+{_THE_LIBRARY}\s+(?:say|cover|contain|discuss|deal with|tell(?:\s+(?:me|us))?)"
    r"(?:\s+about)?|"
    rf"what(?:'s|\s+is|\s+are)\s+(?:in\s+)?{_THE_LIBRARY}(?:\s+about)?|"
    rf"(?:what|which)\s+(?:{A_TEXT}|source|topic|subject)s\s+(?:are\s+(?:there|in here|covered|included|available)|"
    r"(?:do|can)\s+(?:you|i)\s+(?:have|know|cover|search|ask about|use))|"
    r"what\s+(?:can|could|should|may|do)\s+(?:i|you)\s+(?:ask|know|answer|tell|help)(?:\s+(?:me|you|us))?"
    r"(?:\s+(?:about|with))?(?:\s+here)?|"
    r"(?:what\s+can|how\s+do)\s+you\s+(?:do|work)(?:\s+for me)?|(?:who|what)\s+are\s+you|"
    rf"(?:{_GIVE}{_OVERVIEW}\s+of|(?:please\s+)?summari[sz]e)\s+{_THE_LIBRARY})[?.!]*$|"
    r"^(?:hi|hello|hey|help)(?: there)?[?.!]*$|^(?:你好|您好)[！!。]*$|"
    r"^(?:这里)?(?:有哪些|有什么)(?:文件|文档|资料|内容)[？?。]*$|^(?:我)?(?:可以|能)问(?:些)?什么(?:问题)?[？?。]*$",
    re.IGNORECASE,
)
_BRIEF = re.compile(
    r"^(?:please\s+)?(?:brief me (?:on|about)|(?:give|write)\s+(?:me\s+)?(?:a\s+)?(?:briefing|overview)\s+"
    r"(?:on|of|about)|tell me (?:all |everything )?about)\s+(?P<topic>.+?)[?.!]*$",
    re.IGNORECASE,
)
_IN_YEAR = re.compile(r"^(?:the )?(?P<what>.+?) (?:in|of|for) (?P<year>(?:19|20)\d\d)$", re.IGNORECASE)
_THAT_OF = re.compile(r"(?:that|those) of ", re.IGNORECASE)
_OWN = re.compile(r"^(?P<who>.+?)['’]s? (?P<what>[\w& -]+)$")
_OWNED = re.compile(r"^(?:the )?(?P<what>(?:[A-Z&]{2,5} )?[a-z][a-z -]+?) (?:of|by|in) (?P<who>(?:the )?[A-Z].*)$")


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be composed: of `subjects` (two to compare, one to sum up or be briefed on), in view of `aspect`.

    `questions`, one for each subject, where one thing is asked of both. Without subjects it is about what there is: the
    one document that a summary can be of, or all of them.
    """

    kind: Kind
    subjects: tuple[str, ...] = ()
    aspect: str = ""
    questions: tuple[str, ...] = ()
    weighs: bool = False  # whether an answer to each needs a value: a figure, or a date


def task_of(question: str) -> Task | None:
    """What a question asks to be composed; None for a plain question."""
    text = " ".join(question.split())
    for pattern in _COMPARE:
        if match := pattern.match(text):
            return _comparison(match["a"].strip(), match["b"].strip(), (match["aspect"] or "").strip())
    if _WHAT_IS_THERE.match(text):
        return Task("overview")
    if _OF_WHAT_IS_HERE.match(text):
        return Task("summary")
    if match := _SUMMARISE.match(text) or _WHAT_IT_SAYS.match(text):
        return Task("summary", (next(what for what in match.groups() if what).strip(),))
    if match := _BRIEF.match(text):
        return Task("briefing", (match["topic"].strip(),))
    return None


def _comparison(a: str, b: str, aspect: str) -> Task:
    """What is named once and meant of both: "basic research in 2023 and 2024", "the investments of A and B in C"."""
    of_the_other = _THAT_OF.match(b)
    b = b[of_the_other.end() :] if of_the_other else b
    if (dated := _IN_YEAR.match(a)) and YEAR.fullmatch(b):
        what, years = dated["what"], (dated["year"], b)
        return Task("comparison", years, what, tuple(f"What was the {what} in {year}?" for year in years))
    if (owned := _OWNED.match(a)) and " of " not in b and not YEAR.search(a):
        what, where = owned["what"], f" in {aspect}" if aspect else ""
        questions = tuple(f"What was the {what} of {who}{where}?" for who in (owned["who"], b))
        return Task("comparison", (owned["who"], b), f"{what}{where}", questions)
    if (own := _OWN.match(a)) and (of_the_other or OWNER.search(b)):
        sides, when = (own["who"], OWNER.sub("", b)), f" in {aspect}" if aspect else ""
        return Task("comparison", sides, own["what"], tuple(f"What is {who}'s {own['what']}{when}?" for who in sides))
    return Task("comparison", (a, b), aspect)
