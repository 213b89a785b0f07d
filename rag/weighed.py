"""Questions that weigh one thing against another, and what each asks of both: "Is A's output higher than B's?"."""

from __future__ import annotations

import re

from rag.task import Task

_BE, _DO = r"(?:is|are|was|were)", r"(?:do|does|did)"
_IRREGULAR = {"more": "much", "less": "much", "fewer": "many", "better": "good", "worse": "bad", "further": "far"}
_MORE = rf"(?:{'|'.join(_IRREGULAR)}|[a-z]{{2,}}er)"  # the comparative of an adjective
_OTHER = r"(?:the one of |that of |those of )?(?P<b>.+?)(?:['’]s?|['’]s one)?"
_WITHOUT_E = frozenset("larg wis brav saf lat rar fre wid simpl nic clos strang dens scarc".split())
_WHEN = r"(?: (?P<when>(?:in|by|since|during) (?:the )?[12]\d{3}s?))?[?. ]*$"
_OVERTAKE = r"(?:overtak|overtook|surpass|exceed|pass|outgrow|outgrew|match|reach)\w*"
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


def weighed(question: str) -> Task | None:
    """The comparison that answers a question, of a value of each of two things; None where it weighs none."""
    text = " ".join(question.split())
    for form in _FORMS:
        if match := form.match(text):
            found = match.groupdict()
            sides = match["a"].strip(), match["b"].strip()
            when = f" {match['when']}" if match["when"] else ""
            aspect = found.get("what") or found.get("how") or f"{found['act']} {found['rest']}".strip()
            return Task("comparison", sides, f"{aspect}{when}", tuple(_asked(side, found, when) for side in sides))
    return None


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
