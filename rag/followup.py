"""What a question is beside those before it in a conversation: alone, a follow-up, or about the last answer itself.

A question is a follow-up when something is left out of it: a word stands for something said before ("When was it
approved?"), or what is asked has no predicate of its own ("By whom?", "And the west?"). A question that says all that
it asks stands alone, however short it is ("Who opposes the strategy?").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from rag.grammar import bare_verb, content, names, verb_stems, verbs
from rag.nouns import is_general, is_relational
from rag.ordinal import of_the_last
from rag.topic import both, in_turn, said_again
from rag.types import Turn
from rag.words import Word, words

Kind = Literal["alone", "follow-up", "item", "source", "translate"]

_SOURCE = re.compile(
    r"^(and |but )?(who|which source|which document|what source)? ?(says|said|claims|writes|wrote(?! it)) "
    r"(so|that|this|it)\W*$|"
    r"^(and |but )?(what|which|where) (is|are|was|were)( your| the)? (source|sources|evidence|reference|references)"
    r"( (for|of) (that|this|it))?\W*$|"
    r"^(how|where) do you know( that| this)?\W*$|^(says who|according to whom|on what basis|source|sources)\W*$|"
    r"^where (is|does) (that|this|it) (written|come from|stand)\b|谁说的|来源是|出处|"
    r"^where (are|is|do|does) (those|these|this|that|the) (figures?|numbers?|data|facts?|information) (come )?from\W*$",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(
    r"^(and |now |please )?(the same |that |this |answer |say it |again )*in (chinese|english|mandarin)\b[\s,]*"
    r"(please)?\W*$"
    r"|^(请)?(用|以)?(中文|英文|汉语|英语)(回答|说)?\W*$",
    re.IGNORECASE,
)
_ANSWER = "(it|that|this|the answer|your answer|the last answer)"
_REWORD = re.compile(
    rf"^(please,? )?(can you |could you )?((rephrase|rewrite|reword|shorten|simplify) {_ANSWER}|"
    rf"((make|write|say|put|explain) {_ANSWER}( again)? ?)?(even |much |a bit |a little )?"
    r"(shorter|longer|simpler|clearer|briefly|in short|more (simply|briefly|clearly)|"
    r"as (a list|bullet points|a paragraph)|in (\w+ )?(simple|simpler|plain|other|fewer|your own) "
    r"(words|terms|english|language)|in (one|two|three|a few) (sentences?|words|lines)))(,? please)?\W*$",
    re.IGNORECASE,
)
_OPENERS = re.compile(
    r"^(and|but|so|or|then|ok|okay)\b[\s,]*|^(what|how) about\b|^the same (for|of|in|about)\b|^(那么?|那|而|还有)",
    re.IGNORECASE,
)
_THING = (
    "plan|programme|program|project|city|region|place|one|figure|year|term|approach|strategy|law|act|report|fund|"
    "target|goal|group|list|circle|area|concept|phrase|meeting|word|idea|expression"
)
# "This year" is now, "this brief" the one that is read.
_OF_NOW = "year|month|century|decade|time|day|brief|paper|document|text|article|passage|source"
_PRONOUN = re.compile(
    r"\b(?P<owner>its|their|theirs|his|hers|her)\b|"
    r"\b(it|they|them|he|him|she|there|the (former|latter)|the same(?=\W*$))\b|"
    rf"\b(this|that|these|those)\b( ({_THING})s?\b|(?=\W*$))|"
    r"\b(this|these|those)(?= (is|are|was|were|has|have|changed?)\b)|"
    rf"((?<=\bdid )|(?<=\bdoes )|(?<=\bwill ))(this|that)(?= (?!({_THING})s?\b)[a-z]+( (in|since|by) \d{{4}})?\W*$)|"
    rf"\b(?P<such>(this|these)(?= (?!({_OF_NOW})s?\b)[a-z]+)|those(?= [a-z]+s\b))|"
    r"(?<!which )(?<!first )\bones?(?=\W*$)|"
    r"它们?|(?<!其)他们?|她|那里|这个",
    re.IGNORECASE,
)
# What looks like a pronoun and stands for nothing: "how many are there", "is it true that", "a region of its own".
_EMPTY = re.compile(
    r"\b(is|are|was|were|be|been|got)( (still|already|now|even|not|[a-z]+ly))? (?P<a>there)\b|"
    r"\b(?P<b>there)(['’]s\b|['’]ve\b| (is|are|was|were|has|have|had|will|to be|exists?)\b)"
    r"|\b(is|was) (?P<c>it) (true|possible|likely|right|correct|clear|known|planned)\b"
    r"|\b(is|was|has) (?P<f>it) (been )?\w+ that\b"
    r"|\b(do|does|did|will|would|can|could)( not)? (?P<d>it) ([a-z]+ ){0,3}(take|cost|mean|matter|help|make)\b"
    r"(?=.* (to|that|if|when) \S+ \S+)"
    r"|\b(?P<g>it) means (to|that|when|if)\b"
    r"|\bof (?P<e>its|their|his|her) own\b",
    re.IGNORECASE,
)
# Where a clause of its own begins: what the words before it name may be what a pronoun in it stands for. Behind a noun
# "that" and "which" begin no such clause: "the plants that they found".
_CLAUSE = re.compile(
    r"(?P<mark>[,;]|\b(and|or|but))\s+(?P<asks>(what|who|which|where|when|why|how)\b)?|"
    r"\b(since|after|before|as|than|(?P<own>when|while|if|because|although|whether|that))\b",
    re.IGNORECASE,
)
_PERSON = re.compile(r"he|him|she|her|they", re.IGNORECASE)
_WHO_DOES = re.compile(
    r"^who(?! (is|are|was|were|do|does|did|has|have|had|will|can|could|would)\b)\s+\S+", re.IGNORECASE
)
WH = re.compile(
    r"^(by |on |in |at |to |from |for |with |since |until |of )?(?P<word>who|whom|whose|what|which|when|where|why|how|"
    r"is|are|was|were|do|does|did|can|could|has|have|will)\b",
    re.IGNORECASE,
)
_FINITE = re.compile(
    r"\b(is|are|was|were|be|do|does|did|has|have|had|will|would|can|could|should|may|might|must|shall|have|means?|meant|says?|"
    r"said|gives?|gave|gets?|got|describes?|tells?|calls?)\b|[是有在做]",
    re.IGNORECASE,
)
# Before a noun of which they say whose it is, or that it is any.
_NOT_LACKING = frozenset("to per a an its their his her our your whose".split())
_COPULA = re.compile(r"\b(is|was) $", re.IGNORECASE)
_MORE = re.compile(
    r"^(please )?((tell|give|show) me |say |explain |can you (tell me|say) )?(a (bit|little) |some )?"
    r"more( details?| information)?( (about|on) (it|this|that|them))?,?( please)?\W*$|^(go on|elaborate|details)\W*$"
    r"|^(请)?(继续|详细)(说|讲)?\W*$",
    re.IGNORECASE,
)
_SOME = re.compile(
    r"(?:please )?(?:(?:(?:can|could) you )?(?:give|show|tell|name|list)(?: me| us)? |what (?:is|are) )?"
    r"(?:an? |some |any |the |more )*"
    r"(?P<what>numbers?|figures?|data|statistics|examples?|evidence|dates|names|reasons)(?:,? please)?\W*$",
    re.IGNORECASE,
)
_THAT = "(?:that|this|those)"
_COMPARES_WITH_IT = re.compile(
    rf"(?:and |but |so )?(?:how (?:does|do|did) {_THAT} (?:compare|differ) (?:with|to|from)|"
    rf"(?:is|are|was|were) {_THAT} (?:more|less|fewer|[a-z]+er|above|below)(?: than)?) "
    r"(?:(?:in|for|of|that of|those of) )?(?P<beside>.+?)\W*$",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(r"(?:and |so )?how many(?: of (?:them|these|those))?(?: are there| in all)?\W*$", re.IGNORECASE)
_HOW_MANY_THERE = re.compile(r"(?:and |so )?how many (?P<what>[a-z -]+?) (?:are|were) there\W*$", re.IGNORECASE)
_WHICH_OF_THEM = re.compile(
    r"(?:and |but |so )?which(?: ones?)?(?: of (?:them|these|those))? "
    r"(?P<said>(?:are|is|were|was|have|has|had|do|does|did|can|could|will) (?!there\b)[a-z][^?]*?)\W*$",
    re.IGNORECASE,
)
# Verbs that say little without what they are done to, and what joins it to them.
_OBJECTS = {
    "benefit": "from", "benefits": "from", "participate": "in", "participates": "in", "take part": "in",
    "takes part": "in", "took part": "in", "join": "", "joins": "", "qualify": "for", "qualifies": "for",
    "apply": "for", "contribute": "to", "contributes": "to", "pay": "for", "pays": "for", "paid": "for",
    "decides": "on",
}  # fmt: skip
_NO_OBJECT = re.compile(
    rf".*(?<!any )(?<!the )(?<!no )(?<!what )(?<!which )(?<!some )\b(?P<verb>{'|'.join(_OBJECTS)})\W*$", re.IGNORECASE
)
_WEIGHS = re.compile(
    r"(?P<asks>(?:which|who|what)(?: one)?(?: of (?:them|the two|these|those))? [a-z]+ (?:(?:the|a) )?"
    r"(?:more|less|fewer|most|least|(?!ever|other)[a-z]+e(?:r|st))\b[^?,]{0,40}?)\W*$",
    re.IGNORECASE,
)
_IS = re.compile(r"\s+(is|are|was|were|has|have|had|will|would|can|could|should|may|might|must)\b", re.IGNORECASE)
_DO = re.compile(r"\b(is|are|was|were|do|does|did|can|could|will|would)\b(?! not\b)", re.IGNORECASE)
_ORDER = re.compile(
    r"^(please )?(tell|show|list|explain|describe|define|summari[sz]e|name|compare|give|outline)\b", re.IGNORECASE
)
# Verbs in "s" that no noun is written like: "what comes after the plan", but "what plans for the region".
_NO_NOUN = frozenset(
    "comes goes happens remains lies becomes exists follows gives takes keeps brings speaks says does".split()
)
WH_OR_ORDER = re.compile(f"{WH.pattern}|{_ORDER.pattern}", re.IGNORECASE)
_WHY = re.compile(
    r"^(and |but |so )?(why|how come|what for|为什么|为何)( (is|was|did|does|do) (that|this|it)( so)?| so| not)?\W*$",
    re.IGNORECASE,
)


def kind_of(question: str, turns: Sequence[Turn]) -> Kind:
    """What a question is beside those before it. The first one always stands alone."""
    text = " ".join(question.split())
    if not turns or not words(text):
        return "alone"
    if _SOURCE.search(text):
        return "source"
    if _LANGUAGE.search(text) or asks_to_reword(text):
        return "translate"
    if of_the_last(text, turns):
        return "item"
    if compares_with_it(text) or asks_only_how_many(text) or asks_which_of_them(text) or asks_for_some(text):
        return "follow-up"
    if weighs_no_names(text) and (both(turns) or in_turn(turns)):
        return "follow-up"
    left_out = not may_stand_alone(text) or lacking(text) or counts_there(text) or said_again(text, turns[-1].question)
    return "follow-up" if left_out else "alone"


def asks_only_why(text: str) -> bool:
    """Whether it asks why what was just asked about is so, and nothing else."""
    return _WHY.match(text) is not None


def compares_with_it(text: str) -> str:
    """What is to be compared with what was said: Corvo in "how does that compare with Corvo?"; "" if nothing is."""
    match = _COMPARES_WITH_IT.match(text)
    return match["beside"] if match else ""


def weighs_no_names(text: str) -> str:
    """What is asked of two that are not named: "which is larger?"; "" if nothing is."""
    match = _WEIGHS.match(text)
    return match["asks"] if match and not names(text) else ""


def asks_only_how_many(text: str) -> bool:
    """Whether it asks how many there are of what was listed."""
    return _HOW_MANY.match(text) is not None


def counts_there(text: str) -> bool:
    """Whether it asks how many of something there are, and not where: "How many firms are there?"."""
    match = _HOW_MANY_THERE.match(text)
    return match is not None and not names(match["what"])


def asks_which_of_them(text: str) -> str:
    """What is asked of those that were just spoken of: "are foreign" in "which are foreign?"; "" if nothing is."""
    match = _WHICH_OF_THEM.match(text)
    return match["said"] if match and not names(text) and not _WEIGHS.match(text) else ""


def joins_object(text: str) -> str | None:
    """How what is missing behind the verb joins it: "from" behind "Who benefits?"; None where nothing is."""
    match = _NO_OBJECT.match(text) if WH.match(text) else None
    return _OBJECTS[match["verb"].lower()] if match else None


def asks_to_reword(text: str) -> bool:
    """Whether it asks for the last answer in other words, or in fewer."""
    return _REWORD.match(text) is not None


def asks_for_some(text: str) -> str:
    """Of what something more is wanted: examples, of "give me an example"; "" if of nothing."""
    match = _SOME.match(text)
    return match["what"].lower() if match else ""


def wants_more(text: str) -> bool:
    """Whether it asks for more of the same: "Tell me more"."""
    return _MORE.match(text) is not None


def may_stand_alone(text: str) -> bool:
    """Whether a follow-up asks something of its own too: "What are the risks?" may be meant of everything."""
    return not (
        _OPENERS.match(text)
        or asks_only_why(text)
        or wants_more(text)
        or free_pronoun(text)
        or joins_object(text) is not None
        or _is_fragment(text)
    )


def without_openers(text: str) -> str:
    """ "And what about the west?" -> "the west?" """
    while (match := _OPENERS.match(text)) and match.end():
        text = text[match.end() :].strip()
    return text


def free_pronoun(text: str) -> re.Match[str] | None:
    """The first pronoun of a question that stands for nothing in the question itself."""
    empty = {match.start(group) for match in _EMPTY.finditer(text) for group in "abcdefg" if match[group]}
    for match in _PRONOUN.finditer(text):
        if match.start() not in empty and not _explained(text, match):
            return match
    return None


def noun_behind(text: str, pronoun: re.Match[str]) -> Word | None:
    """The noun that "this" or "these" stands before: this tradition, but not in "how is this financed?"."""
    if not pronoun["such"]:
        return None
    word, *rest = (word for word in words(text) if word.start >= pronoun.end())
    said_of = _COPULA.search(text[: pronoun.start()]) and not pronoun["such"].lower().endswith("se")
    if said_of and (not rest or rest[0].is_stopword):
        return None
    return None if word.is_stopword or word.start in verbs(text) | bare_verb(text) else word


def lacking(text: str) -> Word | None:
    """The noun of a question that does not say of what it is: "What are the main risks?"."""
    every, own = words(text), [word for word in content(text) if not is_general(word)]
    if names(text) or len(own) > 2 or not WH_OR_ORDER.match(text):
        return None
    acts = verbs(text)
    for word in own:
        i = every.index(word)
        before = every[i - 1].text.lower() if i else ""
        behind = every[i + 1] if i + 1 < len(every) else None
        if (
            is_relational(word)
            and word.start not in acts
            # "What drives growth?", "Who took part?"
            and not (every[i - 1].start in acts or (before.endswith("s") and every[i - 1].stem in verb_stems()))
            and (behind is None or (behind.is_stopword and behind.text.lower() != "of"))
            and before not in _NOT_LACKING
            and not every[i - 1].text.endswith(("'s", "’s"))
        ):
            return word
    return None


def _explained(text: str, pronoun: re.Match[str]) -> bool:
    """Whether what stands before a pronoun can be what it stands for."""
    before = text[: pronoun.start()]
    own, named = content(before), bool(names(before))
    said = pronoun.group().lower()
    if _PERSON.fullmatch(said) and (named or (_WHO_DOES.match(text) and own)) and not pronoun["owner"]:
        return True  # "Who said that she would step down?", "Who invited Washington to dine with him?"
    if len(own) > (2 if said.startswith("one") else 4) and not pronoun["such"]:
        return True  # so much is said that something in it is meant
    for clause in _CLAUSE.finditer(before):
        first = content(before[: clause.start()])
        if clause["own"] == "that" and not (first and first[-1].start in verbs(text)):
            continue
        behind = clause["asks"] or clause["own"] or content(before[clause.end() :])
        if first and behind and (clause["asks"] or len(first) > 1):
            return True  # "What office did the mayor found, and who is leading it?"
    if pronoun["owner"] and own and (re.search(r"\b(and|or) $", before, re.IGNORECASE) or _asks_of(before, pronoun)):
        return True  # "Which are its parts and their names?", "Which city raised its target?"
    # "China and its provinces", "does China say it will": what is done to "it" in one clause, its subject does not do
    # to itself (principle B of binding).
    return (named or len(own) > 2) and bool(pronoun["owner"] or _IS.match(text, pronoun.end()))


def _asks_of(before: str, owner: re.Match[str]) -> bool:
    """Whether the owner is who or what the question asks for: which city and its, which cities and their."""
    asking = WH.match(before)
    if asking is None or asking["word"].lower() not in ("which", "what", "how") or _DO.search(before):
        return False
    one = not content(before[asking.end() :])[0].text.endswith("s")
    return one == (owner.group().lower() == "its") and _predicate(f"{before} x")


def _is_fragment(text: str) -> bool:
    """Whether a question has no predicate: "The west?", "On which date?", "How many firms?"."""
    if _FINITE.search(text) or _ORDER.match(text) or _predicate(text):
        return False
    if WH.match(text):
        return not names(text)
    return len(content(text)) <= 3 and len(words(text)) <= 6 and text.endswith(("?", "？"))


def _predicate(text: str) -> bool:
    """Whether something is done, as far as a question without auxiliary verbs shows it."""
    acts = verbs(text)
    asking = WH.match(text)
    if asking is None:  # "The second law contradicts what?"
        return bool(acts) or re.search(r"\w \w+ (what|which|whom?|how)\b", text) is not None
    rest = [word for word in words(text) if word.kind == "word" and word.start >= asking.end()]
    said = [i for i, word in enumerate(rest) if not word.is_stopword and word.text[0].islower()]
    if len(said) > 3:
        return True
    if not said or len(rest) == 1:
        return False
    first, *later = said
    if asking["word"].lower() == "who":
        return bool(later) or rest[first].start in acts or rest[first].stem in verb_stems()
    if first + 1 < len(rest):
        verb, behind = rest[first].text.lower(), rest[first + 1]
        acting = rest[first].start in acts and (not verb.endswith("s") or behind.text.lower() in ("the", "a", "an"))
        drives = first == 0 and rest[0].stem in verb_stems() and verb.endswith("s") and not behind.is_stopword
        if verb in _NO_NOUN or acting or drives:
            return True  # "What happened in 1973?", "What drives growth?", but "What plans for the region?"
    # "Which vaccine protects against it", "which growth rates": a verb in "s" has something behind it.
    return any(
        rest[i].start in acts
        or (rest[i].stem in verb_stems() and rest[i].text.endswith("s") and i + 1 < len(rest))
        or (rest[i].stem in verb_stems() and rest[i].text.endswith("ed"))
        for i in later
    )
