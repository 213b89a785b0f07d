"""What people put around a question: greetings, courtesies, "I would like to know". The documents say nothing of it."""

from __future__ import annotations

import re

_ASKS = r"(?=(?:by |since |until |in |on |at |from |of |for )?(?:who|whom|whose|what|which|when|where|why|how)\b)"
_TEXTS = (
    r"(?:(?:all (?:of )?)?(?:the|these|those|your|our|my)?\s?"
    r"(?:documents|sources|texts|files|notes|papers|materials?|library|corpus|collection|database)|"
    r"(?:the|this) (?:document|source|text|file|paper|report|study|article|publication))"
)
_GREETING = re.compile(
    r"(?:(?:hi|hello|hey|dear|greetings|good (?:morning|evening)|thanks?(?: you)?(?: (?:very|so) much| a lot)?"
    r")(?: (?:there|all|everyone|briefdesk))?[\s,.!;:–-]+|please,? )(?=\w+\W+\w)",
    re.IGNORECASE,
)
_THANKS = re.compile(r"[\s,.!]+(?:please|thanks?(?: you)?(?: in advance)?)(?=[\s?.!]*$)", re.IGNORECASE)
_WHERE_IT_STANDS = re.compile(rf"(?:according to|in|from|based on) {_TEXTS},? {_ASKS}", re.IGNORECASE)
_CAN_YOU = re.compile(
    r"(?:can|could|would|will) you (?:please |kindly |also |maybe )?(?=(?:tell|explain|show|say|describe|list|give|"
    r"find|name|summari[sz]e|sum up|compare|define|outline|remind|brief|let)\b)",
    re.IGNORECASE,
)
_LIKE_TO_KNOW = re.compile(
    r"(?:i(?:['’]d| would| should)? (?:like|love|want|need|wish) to (?:know|learn|understand|see|hear|find out|ask)|"
    r"i (?:wonder|am wondering|was wondering)|i['’]m (?:wondering|curious)|do you (?:happen to )?know|"
    r"(?:tell|show|remind) (?:me|us)|let (?:me|us) know|say|find out|explain(?: to (?:me|us))?|"
    r"(?:do you have )?any idea|may i ask(?: you)?)"
    rf"(?: again| briefly)?[\s,:]+(?:about )?{_ASKS}",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?:你好|您好|请问(?:一下)?|请?告诉我|请?(?:你|您)?能(?:不能|否)?(?:告诉我|说说)|"
    r"我想(?:知道|了解|问)(?:一下)?)[，,！!。：: ]*(?=.{3})"
)
_BEFORE = (_GREETING, _CAN_YOU, _LIKE_TO_KNOW, _WHERE_IT_STANDS, _CHINESE)
_ON = r"(?:about|on|of|regarding|concerning) "
_FIGURES = "numbers|figures|data|statistics|facts|details|news"
_SAID_ABOUT = re.compile(
    rf"(?:what (?:do|does|did|can|could|should) (?:{_TEXTS}|you|we|i|one) "
    rf"(?:say|tell (?:me|us)|report|know|learn|find(?: out)?|read)(?: more)? {_ON}|"
    rf"what(?: is|['’]s| was) (?:known|said|written|there|reported)(?: (?:here|in {_TEXTS}))?(?: to know)? {_ON}|"
    rf"(?:what|which|any) (?:info|information|{_FIGURES})(?: (?:is|are) there| do (?:you|we) have| exists)? {_ON}|"
    rf"(?:is|are) there (?:anything|something|any (?:info|information|documents|sources|texts|{_FIGURES})) {_ON}|"
    rf"(?:do|does) (?:{_TEXTS}|you) (?:(?:say|mention|have|know|contain) (?:anything|something) {_ON}|mention )|"
    rf"where (?:can|could|do) (?:i|we) (?:read|find|learn)(?: out)?(?: more| anything| something| information)? {_ON}|"
    rf"i(?:['’]m| am) (?:interested in|curious about|looking for (?:information )?{_ON})\s?|"
    rf"i(?:['’]d| would)? (?:like|want|need) to (?:know|learn|read|hear)(?: more)? {_ON}|"
    r"what(?: is|['’]s) (?:the deal|up) with )(?P<what>\S.*)",
    re.IGNORECASE,
)
_EXPLAIN = re.compile(
    r"(?:explain|describe|define)(?: (?:to )?(?:me|us))? (?P<what>(?!(?:if|whether|that)\b)[^?.!,;]+?)"
    r"(?: to (?:me|us))?(?: briefly| in short| in simple terms)?[?.!]*$",
    re.IGNORECASE,
)
_LISTS = re.compile(
    r"(?:list(?: of)?|enumerate|name|give me|show me|mention) (?:(?:a )?(?:full |complete )?list of )?(?:all (?:of )?)?"
    r"(?!of\b)",
    re.IGNORECASE,
)
_LIST = re.compile(
    rf"{_LISTS.pattern}(?P<the>the |its |their )?(?P<what>(?P<head>[^?.!,;:]*?\w)"
    r"(?: (?:of|who|that|which|in|to|for|from|with|on)\b[^?.!;:]*)?)[?.!]*$",
    re.IGNORECASE,
)
_FACTS = re.compile(
    r"(?:the |all |some |a few |\w+ )?(?:(?:\w+ )?(?:facts|things|points|details|information)|everything|something)"
    rf"(?: (?:that )?(?:you know|there is))? {_ON}",
    re.IGNORECASE,
)
_DONE_ABOUT = re.compile(
    r"what (?:is|are|was|has been|have been|can be|will be)(?: being)?(?: they)? (?:done|doing|undertaken) "
    r"(?P<against>about|against) (?P<what>\S.*?)[?.!]*$",
    re.IGNORECASE,
)
_AT_MOST = 6  # words of a thing that is to be explained


def plainly(question: str) -> str:
    """`question` as one asks it who wastes no word: "Hi, could you tell me when it was held, please?" is "when ...?".

    What is to be explained, listed, or said something about, is asked for by "What". Without a frame it stays as it is.
    """
    text = " ".join(question.split())
    bare = text
    while match := next(filter(None, (pattern.match(bare) for pattern in _BEFORE)), None):
        bare = bare[match.end() :]
    bare = _THANKS.sub("", bare)
    if match := _SAID_ABOUT.fullmatch(bare):
        bare = f"What does this say about {match['what'].rstrip('?.! ')}?"
    elif match := _DONE_ABOUT.fullmatch(bare):
        bare = f"What measures are taken {match['against']} {match['what']}?"
    elif (match := _EXPLAIN.fullmatch(bare)) and len(match["what"].split()) <= _AT_MOST:
        bare = f"What {'are' if _is_many(match['what']) else 'is'} {match['what']}?"
    elif (listed := _LISTS.match(bare)) and (match := _FACTS.match(bare, listed.end())):
        bare = f"What does this say about {bare[match.end() :].rstrip('?.! ')}?"
    elif (match := _LIST.fullmatch(bare)) and (match["the"] or _is_many(match["head"])):
        bare = f"What {'are' if _is_many(match['head']) else 'is'} {match['the'] or 'the '}{match['what']}?"
    return bare if bare != text else question


def _is_many(noun: str) -> bool:
    return bool(re.search(r"[^s]s$", noun)) and not noun.isupper()
