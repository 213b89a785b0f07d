"""A question in a conversation, made to stand alone: "And in the west?" after one about the coast.

By rules, for English and the commonest Chinese forms. What is asked of a name, a date or a direction is asked again of
the new one; "it" and "they" become what the last question was about; "why" is asked of the last question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from rag.followup import (
    WH,
    WH_OR_ORDER,
    Kind,
    asks_for_some,
    asks_only_how_many,
    asks_only_why,
    asks_to_reword,
    asks_which_of_them,
    compares_with_it,
    counts_there,
    free_pronoun,
    joins_object,
    kind_of,
    lacking,
    noun_behind,
    wants_more,
    weighs_no_names,
    without_openers,
)
from rag.glossary import Glossary
from rag.grammar import SUPERLATIVE, bare_verb, content, names, runs, verbs
from rag.nouns import is_relational
from rag.ordinal import of_the_last
from rag.polarity import DIRECTIONS
from rag.topic import both, in_turn, person, place, said_again, several, topic
from rag.types import Answer, Citation, Sentence, Turn
from rag.values import ORDINALS, YEAR, dates
from rag.words import OWNER, Word, stem, stems_of, words

STAYS_IN_ITS_LANGUAGE = "without a language model an answer stays in the language of its documents"
STAYS_IN_ITS_WORDS = "without a language model an answer is made of quotations, which stay as they are"
_ONE, _OF = ("number", "figure", "example", "data", "evidence"), ("example", "examples")
_ASKING = re.compile(
    r"^(on |in |by |since |until |at |to |from |for )?"
    r"(which|what|when|where|who|whom|how (many|much|large|big|long|high|far|often)|why|how)\b",
    re.IGNORECASE,
)
_PREPOSITIONS = "in|at|on|for|from|by|with|to|into|of|since|during|between"
_WHO_DID = re.compile(r"who (?P<first>(?:first|last) )?(?P<did>[a-z]+ed) (?P<what>[^?,]+?)[?. ]*", re.IGNORECASE)
_OF_SEVERAL = frozenset("they them their theirs these those".split())
_OF_A_PERSON = frozenset("he him his she her hers".split())
_HELPED = re.compile(r"\b(?:do|does|did|will|can|could|would|should) ", re.IGNORECASE)
_SUBJECT = 4  # words of a subject in whose place another is put
_WHAT_IS = re.compile(r"what (?:is|was) (?P<what>.+?)\W*$", re.IGNORECASE)
_WHAT_ARE = re.compile(r"(?:what|which) (?:are|were) (?:the |its |their )?(?P<what>.+?)[?. ]*$", re.IGNORECASE)
_PLACE_OF_AN_ITEM = re.compile(r" \(\w+\)$")  # as `rag.ordinal` writes it behind the question
_RANK = re.compile(rf"(?:the )?(?P<rank>first|{'|'.join(ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th))", re.IGNORECASE)
_RANKED = re.compile(
    rf"(?<=\bthe )(?:first|{'|'.join(ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th))\b(?= \w|\W*$)", re.IGNORECASE
)
_NUMBER = re.compile(r"(?:the |number |no\.? ?|#)*(?P<number>\d{1,3})(?: one)?", re.IGNORECASE)
_NUMBERED = re.compile(r"(?<=[A-Z][a-z]{3} |[a-z]{4} )\d{1,3}(?=\W*$|\b(?! ?(?:percent|%|[mb]illion)))")
# "And the one before?", "and the previous year?"
_NEIGHBOUR = re.compile(
    r"(?:(?:what|how) about )?(?:the )?"
    r"(?:(?:one|(?P<year>year)|plan|edition|brief|part) (?:right )?(?:(?P<before>before)|after)(?: (?:it|that))?|"
    r"(?:(?P<previous>previous|preceding|earlier)|next|following) (?:one|(?P<that_year>year)|plan|edition|brief|part))"
    r"\W*$",
    re.IGNORECASE,
)
_IN_DIGITS = re.compile(r"\b(?P<number>\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE)
_NAMED_RANK = re.compile(rf"\b(?:First|{'|'.join(word.capitalize() for word in ORDINALS)})\b(?= [A-Z])")
_ASKED_OF = re.compile(
    r"\b(?:what|who) (?:is|are|was|were) the (?P<noun>[a-z][a-z -]*?) of\b|"
    r"\b(?:how many|how much|which) (?P<counted>[a-z][a-z -]*?)"
    r"(?= (?:is|are|was|were|do|does|did|has|have|had|can|will)\b)",
    re.IGNORECASE,
)
# "Which spends most?", "and the least?"
_MOST = re.compile(
    rf"\b(?:the )?(?:most|least|fewest|best|worst|(?:{SUPERLATIVE}|earli)est)\b",
    re.IGNORECASE,
)
# What a measure has, and who it is of has not: a growth, an average.
_OF_MEASURES = stems_of(
    "growth increase rise fall decline decrease change level value trend average rate size peak share source definition"
)
_ASKING_CHINESE = re.compile(r"什么时候|什么地方|为什么|多少|哪里|哪儿|哪年|何时|谁|几个|怎么|如何|什么")


def condense(question: str, turns: Sequence[Turn], glossary: Glossary) -> str:
    """The question of a follow-up as one that stands alone; any other as it is."""
    text = " ".join(question.split())
    if kind_of(text, turns) != "follow-up":
        return text
    last = turns[-1].question
    if asks_only_why(text):
        return f"Why {_item(turns[-1]) or _statement(last)}?"
    if beside := compares_with_it(text):
        what = _WHAT_IS.match(last)
        return f"How does {what['what']} compare with that of {beside}?" if what else _replaced(last, beside, glossary)
    if asks_only_how_many(text) and (several := _WHAT_ARE.match(_PLACE_OF_AN_ITEM.sub("", last))):
        return f"How many {several['what']} are there?"
    if wants_more(text) and (about := topic(turns, glossary)):
        return f"Tell me about {about}."
    if (some := asks_for_some(text)) and (about := topic(turns, glossary)):
        return f"What {some} {'is' if some in _ONE else 'are'} there {'of' if some in _OF else 'on'} {about}?"
    bare = without_openers(text)
    if said := asks_which_of_them(bare):
        return _of_those(said, turns)
    if weighs_no_names(bare) and not both(turns) and (two := in_turn(turns)):
        return _of_both(last, *two)
    if (weighs := weighs_no_names(bare)) and (two := both(turns)):
        return f"{weighs}, {two[0]} or {two[1]}?"
    if (asked := _ASKING_CHINESE.search(bare)) and _ASKING_CHINESE.search(last):
        return _ASKING_CHINESE.sub(asked.group(), last, count=1)
    if neighbour := _NEIGHBOUR.match(bare):
        by = -1 if neighbour["before"] or neighbour["previous"] else 1
        if moved := _counted_on(last, by, years=bool(neighbour["year"] or neighbour["that_year"])):
            return moved
    if pronoun := free_pronoun(bare):
        return _with_topic(bare, pronoun, _stands_for(pronoun.group().lower(), turns, glossary), last)
    if (joined := joins_object(bare)) is not None:
        return _about(bare, topic(turns, glossary), joined)
    if counts_there(bare):
        return _about(bare, place(turns) or topic(turns, glossary), "in")
    if again := said_again(bare, last):
        start, end, name = again
        return f"{bare[:1].upper()}{bare[1:start]}{name}{bare[end:]}"
    if noun := lacking(bare):
        return _of(bare, noun.end, topic(turns, glossary))
    if (asking := WH.match(bare)) and (len(content(bare)) > 1 or (asking["word"].lower() == "who" and content(bare))):
        return f"{bare[0].upper()}{bare[1:]}" if names(bare) else _about(bare, topic(turns, glossary))
    return _replaced(last, bare.rstrip("?？ ."), glossary) if not WH.match(bare) else _asked_anew(last, bare)


def _of_those(said: str, turns: Sequence[Turn]) -> str:
    """ "Which are foreign?" asked of what the last question counted or asked for: "Which firms are foreign?"."""
    asked = _ASKED_OF.search(turns[-1].question)
    if asked is None or not asked["counted"]:
        return f"Which {said}?"
    where = place(turns)
    return f"Which {asked['counted']} {f'in {where} ' if where else ''}{said}?"


def _of_both(last: str, one: str, other: str) -> str:
    """The last question, asked of both: "What do the EU and China spend?"."""
    name = re.sub(r"^the ", "", other)
    start = last.find(name)
    if start < 0:  # written otherwise than it is called
        return last
    before = re.sub(r"\bthe $", "", last[:start])
    before = re.sub(
        r"\b(does|is|was|has) $",
        lambda verb: {"does": "do", "is": "are", "was": "were", "has": "have"}[verb[1]] + " ",
        before,
    )
    return f"{before}{one} and {other}{last[start + len(name) :]}"


def _counted_on(last: str, by: int, *, years: bool) -> str:
    """The last question, asked of the one before or after: of the 14th plan, not the 15th; "" where none is counted."""
    if years:
        year = YEAR.search(last)
        return _cut(last, *year.span(), str(int(year.group()) + by)) if year else ""
    ranks = ["first", *ORDINALS]
    if rank := _IN_DIGITS.search(last):
        number = int(rank["number"]) + by
        return _cut(last, *rank.span(), _in_digits(number)) if number > 0 else ""
    if rank := _NAMED_RANK.search(last) or _RANKED.search(last):
        place = ranks.index(rank.group().lower()) + by
        if not 0 <= place < len(ranks):
            return ""
        return _cut(last, *rank.span(), ranks[place].capitalize() if rank.group()[0].isupper() else ranks[place])
    numbered = _NUMBERED.search(last)
    if numbered is None or int(numbered.group()) + by < 1:
        return ""
    return _cut(last, *numbered.span(), str(int(numbered.group()) + by))


def _in_digits(rank: int) -> str:
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending}"


def _stands_for(pronoun: str, turns: Sequence[Turn], glossary: Glossary) -> str:
    """What a pronoun of a follow-up means."""
    if pronoun in _OF_SEVERAL and (found := several(turns) or " and ".join(both(turns) or ())):
        return found
    if pronoun == "there" and (where := place(turns)):
        return where
    whom = person(turns)
    return whom if whom and pronoun in _OF_A_PERSON else topic(turns, glossary, besides=whom)


def _item(turn: Turn) -> str:
    """What an item of a list says that was just shown, to be asked why; "" after any other answer."""
    if not _PLACE_OF_AN_ITEM.search(turn.question) or len(turn.answer.sentences) != 1:
        return ""
    said = re.split(r"[,;:.](?= |$)| by ", turn.answer.sentences[0].text)[0]
    return f"{said[:1].lower()}{said[1:]}"


def said_before(question: str, turns: Sequence[Turn], kind: Kind) -> Answer:
    """Who says what the last answer said, or one item of it; or all of it, where it cannot be translated."""
    last = turns[-1].answer
    if kind == "item" and (item := of_the_last(question, turns)):
        only = Sentence(item.citation.line, (item.citation.number,), True)
        return Answer(
            question, (only,), (item.citation,), False, "extractive", last.confidence, understood=item.question
        )
    if kind == "translate":
        warning = STAYS_IN_ITS_WORDS if asks_to_reword(question) else STAYS_IN_ITS_LANGUAGE
        return replace(last, question=question, warnings=(warning,), understood=turns[-1].question)
    sentences = tuple(
        Sentence(f"{', '.join(_who(citation))}: “{citation.line}”", (citation.number,), True)
        for citation in last.citations
    )
    said = () if last.abstained else sentences
    return replace(last, question=question, sentences=said, warnings=(), understood=turns[-1].question)


def _who(citation: Citation) -> list[str]:
    document = citation.document
    page = f"page {citation.page}" if citation.page else ""
    return [part for part in (document.title, document.publisher, document.date, page) if part]


def _with_topic(text: str, pronoun: re.Match[str], about: str, last: str) -> str:
    """A question with what its pronoun stands for."""
    if not about:
        return text
    start, end = pronoun.span()
    if spoken := re.fullmatch(r"(?:that|this) (word|term|phrase|expression)", pronoun.group(), re.IGNORECASE):
        about = f"the {spoken[1]} {about}"
    owned = re.match(r" (\w+)", text[end:]) if pronoun["owner"] else None
    if re.sub(r"^the ", "", about) in text:
        changed = text
    elif noun := noun_behind(text, pronoun):  # "this tradition of Mid-Autumn"
        changed = f"{text[: noun.end]} of {about}{text[noun.end :]}"
    elif pronoun.group().lower() == "there":
        changed = f"{text[:start]}in {about}{text[end:]}"
    elif owned and (possessor := re.match(r"(.+?['’]s?) ", about)):
        if stem(owned[1]) in _OF_MEASURES:  # "Jiangsu's GDP's growth" is what nobody says
            changed = f"{text[:start]}the{owned.group()} of {about}{text[end + owned.end() :]}"
        else:
            changed = f"{text[:start]}{possessor[1]}{text[end:]}"
    else:
        owner = ("’" if about.endswith("s") else "'s") if pronoun["owner"] else ""
        changed = f"{text[:start]}{about}{owner}{text[end:]}"
    if not WH_OR_ORDER.match(changed) and not verbs(changed):  # "And its growth?"
        when = dates(last) if not dates(changed) else []
        changed = f"What is {changed.rstrip('?？ .')}{f' in {last[when[0].start : when[-1].end]}' if when else ''}?"
    return changed[0].upper() + changed[1:]


def _of(text: str, end: int, about: str) -> str:
    """A question with what the noun that ends at `end` is of."""
    return f"{text[:1].upper()}{text[1:end]} of {about}{text[end:]}" if about else text


def _about(text: str, about: str, joined: str = "of") -> str:
    """A question that names nothing, asked of the topic."""
    return " ".join(f"{text.rstrip('?？ .')} {f'{joined} {about}' if about else ''}".split()) + "?"


def _statement(question: str) -> str:
    """What a question takes for granted: "Which mechanisms are new?" -> "mechanisms are new"."""
    said = _ASKING.sub("", question).strip(" ?？.")
    return f"{said[:1].lower()}{said[1:]}" if words(said)[:1] and words(said)[0].is_stopword else said


def _asked_anew(last: str, asking: str) -> str:
    """ "And when?" after "Who founded it?": the last question with another question word."""
    if (did := _WHO_DID.fullmatch(last)) and not asking.lower().startswith("who"):  # when was it founded, not who it
        was = "were" if re.fullmatch(r"(?:the )?[a-z]*[^s]s", did["what"]) else "was"
        return f"{asking.rstrip('?？ .')} {was} {did['what']} {did['first'] or ''}{did['did']}?"
    return f"{asking.rstrip('?？ .')} {_statement(last)}?"


def _replaced(last: str, new: str, glossary: Glossary) -> str:
    """The last question asked of something else of the same kind: another year, region or name, or two of these."""
    plain = re.sub(r"^(for|in|on|about|with|by|of|at|to|from)\s+", "", new, flags=re.IGNORECASE)
    when, changed = dates(plain), last
    if when:
        said = plain[when[0].start : when[-1].end]
        if old := dates(changed):
            changed = f"{changed[: old[0].start]}{said}{changed[old[-1].end :]}"
        plain = re.sub(r"\s*\b(in|for|of|by|since)?\s*$", "", plain[: when[0].start]) + plain[when[-1].end :]
        if not plain.strip():
            return changed if old else f"{changed.rstrip('?？ ')} in {said}?"
        if not old:
            changed = f"{changed.rstrip('?？ ')} in {said}?"
    plain = plain.strip()
    if _MOST.match(plain) and (old_most := _MOST.search(changed)):
        return _cut(changed, *old_most.span(), plain)
    if (rank := _RANK.fullmatch(plain)) and (old_rank := _RANKED.search(changed)):  # "and the Fourth?"
        return _cut(changed, *old_rank.span(), rank["rank"])
    at = re.match(r"(?:in|at|on|for|from|by|with|to|into) ", new, re.IGNORECASE)
    if (number := _NUMBER.fullmatch(plain)) and (old_number := _NUMBERED.search(changed)):  # "and number 12?"
        return _cut(changed, *old_number.span(), number["number"])
    named = [(a, b) for run in runs(changed, names(changed)) for a, b in _apart(changed, *run)]
    where = re.search(rf"\b{at.group()}(?:the )?$", changed[: named[-1][0]], re.IGNORECASE) if at and named else None
    if where:  # "And in the centre?" behind "Who is in the Western Programme?"
        return f"{changed[: where.start()]}{new}{changed[named[-1][1] :]}"
    if at and not names(f"of {plain}") and (old_part := _last_part(changed, at.group())):  # "and to the other list?"
        return f"{changed[: old_part[0]]}{new}{changed[old_part[1] :]}"
    if any(word.stem in DIRECTIONS for word in words(plain)):
        olds = [word for word in words(changed) if word.stem in DIRECTIONS and not _within(word, changed, named)]
        if olds:
            end = olds[-1].end
            # "The western regions" take the place of "coastal provinces", "the west" that of "the coast".
            behind = re.match(r" [a-z]+s\b", changed[end:]) if words(plain)[-1].stem not in DIRECTIONS else None
            return _cut(changed, olds[0].start, end + (behind.end() if behind else 0), plain)
    # A name takes the place of a name, the last one; a term that of a term.
    if names(f"of {plain}"):
        owner = bool(re.search(r"['’]s$", plain))
        named = [(a, b) for a, b in named if a > 0 and not changed[a:b].isupper()] or named
        if named:
            start, end = max(named)
            owned = OWNER.search(changed[start:end])
            start -= len("the ") if re.search(r"\bthe $", changed[:start]) else 0  # of the United States, of Germany
            plain = OWNER.sub("", plain) if owner and not owned else plain
            return _cut(changed, start, end, f"{plain}'s" if owned and not owner else plain)
    # "What about the risks?" behind "What are the advantages of it?"
    own, olds = content(plain), [word for word in content(changed) if is_relational(word)]
    if own and olds and is_relational(own[-1]) and not names(plain):
        return _cut(changed, olds[0].start, olds[0].end, plain)
    spans = [(mention.start, mention.end) for mention in glossary.mentions(changed)]
    if spans and glossary.mentions(plain):
        return _cut(changed, *max(spans), plain)
    # "What about the population?" behind "What is the area of Chengdu?", "and patents?" behind "How many firms ...?"
    if own and not names(plain) and (asked := _ASKED_OF.search(changed)):
        group = asked.lastgroup or 0
        return _cut(changed, asked.start(group), asked.end(group), re.sub(r"^the\s+", "", plain, flags=re.IGNORECASE))
    if (helped := _HELPED.search(changed)) and (acts := bare_verb(changed)):  # "and universities?" of what firms do
        subject = changed[helped.end() : min(acts)].rstrip()
        if own and subject and not names(f"of {subject}") and len(subject.split()) <= _SUBJECT:
            return _cut(changed, helped.end(), helped.end() + len(subject), plain)
    return f"{changed.rstrip('?？ ')} {new}?"


def _last_part(text: str, preposition: str) -> tuple[int, int] | None:
    """Where the last part of a question stands that begins with `preposition`: "to the regional list"."""
    part = rf"\b{preposition}(?:(?:the|its|their|an?) )?[\w&’'-]+(?: (?!(?:{_PREPOSITIONS})\b)[\w&’'-]+){{0,3}}"
    return next((match.span() for match in reversed(list(re.finditer(part, text, re.IGNORECASE)))), None)


def _apart(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The names of a run of them, cut behind an owner: "China's R&D" is two."""
    cuts = [start, *(start + match.end() for match in re.finditer(r"['’]s? ", text[start:end])), end]
    return [(a, b - len(text[a:b]) + len(text[a:b].rstrip())) for a, b in pairwise(cuts)]


def _within(word: Word, text: str, named: Sequence[tuple[int, int]]) -> bool:
    """Whether a word is part of a name of several words."""
    return any(a <= word.start < b and " " in text[a:b] for a, b in named)


def _cut(text: str, start: int, end: int, new: str) -> str:
    """`text` with start:end replaced by `new`, without an article twice."""
    before = text[:start]
    if repeated := re.match(rf"\s+{re.escape(new.split()[-1])}\b", text[end:], re.IGNORECASE):
        end += repeated.end()
    if re.match(r"the\s", new, re.IGNORECASE):
        before = re.sub(r"\bthe\s+$", "", before, flags=re.IGNORECASE)
    return before + new + text[end:]
