"""Questions of two, and what they ask of each: "Is A's output higher than B's?", "What do A and B say?"."""

from __future__ import annotations

import re

from rag.grammar import verb_stems
from rag.task import Task
from rag.words import words

_BE, _DO = r"(?:is|are|was|were)", r"(?:do|does|did)"
_IRREGULAR = {"more": "much", "less": "much", "fewer": "many", "better": "good", "worse": "bad", "further": "far"}
_MORE = rf"(?:{'|'.join(_IRREGULAR)}|[a-z]{{2,}}er)"  # the comparative of an adjective
_OTHER = r"(?:the one of |that of |those of )?(?P<b>.+?)(?:['’]s?|['’]s one)?"
_WITHOUT_E = frozenset("larg wis brav saf lat rar fre wid simpl nic clos strang dens scarc".split())
_LONGEST = 200  # characters of such a question; on longer texts these patterns would take long
_WHEN = r"(?: (?P<when>(?:in|by|since|during) (?:the )?[12]\d{3}s?))?[?. ]*$"
_OVERTAKE = r"(?:overtak|overtook|surpass|exceed|pass|outgrow|outgrew|match|reach)\w*"
_MORE_CHINESE = "[高低大小多少快慢强弱长短早晚]"
_FORMS_CHINESE = (
    re.compile(
        rf"(?P<a>.+?)的(?P<what>[^的比]+)比(?P<b>.+?)(?:的(?P=what))?(?:还|更|要)?{_MORE_CHINESE}(?:吗|么|不)?[？?。\s]*"
    ),
    re.compile(
        rf"(?P<a>.+?)[和与跟](?P<b>.+?)(?:相比)?[，,]?(?:哪个|哪一个|谁)的?(?P<what>.+?)更?{_MORE_CHINESE}[？?。\s]*"
    ),
)
_OF_TWO = re.compile(
    r"(?P<asks>(?:what|when|where|why|how|which)\b(?: \w+){0,3}?) (?P<help>do|did) (?:both )?"
    r"(?P<a>(?:(?!and\b)[^\s,]+ ){0,4}?(?!and\b)[^\s,]+) and (?P<behind>(?!.*\band\b.*\band\b)[^,]+)$",
    re.IGNORECASE,
)
_TOGETHER = re.compile(
    r"\b(?:together|jointly|each other|one another|between|in common|share|compete|co-?operate|differ|compare|agree)\b",
    re.IGNORECASE,
)
_SMALL = frozenset("of for and the in on to de la".split())
_SHARE = re.compile(r"(?P<whole>of (?:its|their|the) .+?) (?P<rest>(?:on|in|for|to) .+)", re.IGNORECASE)
# One of these is what is asked of both: a noun ("what") or a verb with what belongs to it ("act", "rest").
_FORMS = tuple(
    re.compile(pattern + _WHEN, re.IGNORECASE)
    for pattern in (
        rf"^{_BE} (?P<a>.+?)['’]s? (?P<what>[^?,]+?) (?:(?:much |still |now )?{_MORE} than|above|below|ahead of|behind|"
        rf"as \w+ as) {_OTHER}",
        rf"^(?:has|have|{_DO}) (?P<a>.+?)['’]s? (?P<what>[^?,]+?) (?:already |ever )?{_OVERTAKE} {_OTHER}",
        rf"^{_DO} (?P<a>.+?) have (?:a |an )?(?!more\b|less\b|fewer\b){_MORE} (?P<what>[^?,]+?) than {_OTHER}",
        rf"^(?:who|which|what)(?: \w+)? (?:has|have|had) (?:a |an |the )?(?!more\b|less\b|fewer\b){_MORE} "
        rf"(?P<what>[^?,]+?)[,:] (?P<a>.+?) or {_OTHER}",
        rf"^{_BE} (?P<a>.+?) (?:ahead of|behind|{_MORE} than) (?P<b>.+?) (?:in|in terms of|by) "
        r"(?P<what>(?!the\b|[12]\d{3})[^?,]+?)",
        rf"^{_DO} (?P<a>.+?) (?P<act>[a-z]+) (?:more|less|fewer) (?P<rest>[^?,]*?) ?than {_OTHER}",
        r"^(?:who|which|what)(?: \w+)? (?P<act>[a-z]+) (?:the )?(?:more|less|fewer|most|least) (?P<rest>[^?,]*?) ?[,:] "
        rf"(?P<a>.+?) or {_OTHER}",
        rf"^{_BE} (?P<a>.+?) (?P<how>(?!more\b|less\b|fewer\b){_MORE}) than {_OTHER}",
        rf"^(?:who|which|what)(?: \w+)? (?:is|was|are|were) (?:the )?(?P<how>(?!more\b|less\b|fewer\b){_MORE}) ?[,:] "
        rf"(?P<a>.+?) or {_OTHER}",
    )
)


def of_two(question: str) -> Task | None:
    """The comparison that answers what is asked of two things; None where it is asked of one, or of both together."""
    return weighed(question) or asked_of_each(question)


def weighed(question: str) -> Task | None:
    """The comparison that answers a question, of a value of each of two things; None where it weighs none."""
    text = " ".join(question.split())
    if len(text) > _LONGEST:
        return None
    if match := next(filter(None, (form.fullmatch(text) for form in _FORMS_CHINESE)), None):
        sides = match["a"], match["b"]
        asked = tuple(f"{side}的{match['what']}是多少？" for side in sides)
        return Task("comparison", sides, match["what"], asked, weighs=True)
    for form in _FORMS:
        if match := form.match(text):
            found = match.groupdict()
            sides = match["a"].strip(), match["b"].strip()
            when = f" {match['when']}" if match["when"] else ""
            aspect = found.get("what") or found.get("how") or f"{found['act']} {found['rest']}".strip()
            asked = tuple(_asked(side, found, when) for side in sides)
            return Task("comparison", sides, f"{aspect}{when}", asked, weighs=True)
    return None


def asked_of_each(question: str) -> Task | None:
    """The comparison that answers "What do A and B say of it?"; None where it asks of one, or of both together."""
    text = " ".join(question.split()).rstrip("?. ")
    match = _OF_TWO.match(text) if len(text) <= _LONGEST else None
    if match is None or _TOGETHER.search(text):
        return None
    behind = [word for word in words(text) if word.start >= match.start("behind")]
    named = next((i for i, word in enumerate(behind) if word.text[0].isupper()), 0)
    acts = [
        word.start
        for word in behind[named + 1 :]
        if word.text.islower() and word.text not in _SMALL and (word.stem in verb_stems() or word.is_stopword)
    ]
    if not acts:
        return None
    sides, rest = (match["a"], text[match.start("behind") : acts[0]].strip()), text[acts[0] :]
    if not all(map(_is_one_thing, sides)):
        return None
    helps = ["did" if match["help"].lower() == "did" else _helps(side) for side in sides]
    questions = [f"{match['asks']} {helped} {side} {rest}?" for helped, side in zip(helps, sides, strict=True)]
    return Task("comparison", sides, rest, tuple(questions))


def _is_one_thing(side: str) -> bool:
    """Whether it is a name, or a plain noun with its article: "the Alba Fund for Ports", "the brief"."""
    spoken = side.removeprefix("the ").split()
    if any(word[0].isupper() for word in spoken):
        return all(word[0].isupper() or word[0].isdigit() or word in _SMALL for word in spoken)
    return len(spoken) == 1


def _asked(side: str, found: dict[str, str | None], when: str) -> str:
    """What is asked of one of them."""
    if what := found.get("what"):
        return f"What is {side}'s {what}{when}?"
    if how := found.get("how"):
        return f"How {_base(how)} {'are' if _helps(side) == 'do' else 'is'} {side}{when}?"
    act, rest = found["act"] or "", found["rest"] or ""
    if act in ("has", "have", "had"):
        return f"How many {rest} {_helps(side)} {side} have{when}?"
    act = re.sub(r"(?<=[a-z])s$", "", act)
    if share := _SHARE.match(rest):
        return f"What share {share['whole']} {_helps(side)} {side} {act} {share['rest']}{when}?"
    return f"How much {_helps(side)} {side} {act} {rest}".strip() + f"{when}?"


def _helps(side: str) -> str:
    return "do" if re.search(r"\band\b|(?:^| )[a-z-]+[^s]s$", side) else "does"


def _base(comparative: str) -> str:
    """The plain form of an adjective: bigger, big; larger, large; earlier, early."""
    if comparative in _IRREGULAR:
        return _IRREGULAR[comparative]
    plain = comparative[:-2]
    if plain.endswith("i"):
        return f"{plain[:-1]}y"
    if plain[-1:] == plain[-2:-1] and plain[-1] not in "ls":
        return plain[:-1]
    return f"{plain}e" if plain in _WITHOUT_E else plain
