"""A question in a conversation, made to stand alone: "And in the west?" after one about the coast.

By rules, for English and the commonest Chinese forms. What is asked of a name, a date or a direction is asked again of
the new one; "it" and "they" become what the last question was about; "why" is asked of the last question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.followup import (
    WH,
    WH_OR_ORDER,
    Kind,
    asks_only_why,
    free_pronoun,
    kind_of,
    lacking,
    noun_behind,
    wants_more,
    without_openers,
)
from rag.glossary import Glossary
from rag.grammar import content, names, runs, verbs
from rag.nouns import is_relational
from rag.ordinal import of_the_last
from rag.polarity import DIRECTIONS
from rag.topic import person, said_again, topic
from rag.types import Answer, Citation, Sentence, Turn
from rag.values import dates
from rag.words import words

_ASKING = re.compile(
    r"^(on |in |by |since |until |at |to |from |for )?"
    r"(which|what|when|where|who|whom|how (many|much|large|big|long|high|far|often)|why|how)\b",
    re.IGNORECASE,
)
_ASKED_OF = re.compile(
    r"\b(?:what|who) (?:is|are|was|were) the (?P<noun>[a-z][a-z -]*?) of\b|"
    r"\b(?:how many|how much|which) (?P<counted>[a-z][a-z -]*?)"
    r"(?= (?:is|are|was|were|do|does|did|has|have|had|can|will)\b)",
    re.IGNORECASE,
)
# "Which spends most?", "and the least?"
_MOST = re.compile(
    r"\b(?:the )?(?:most|least|fewest|best|worst|(?:larg|small|high|low|bigg|great|fast|slow|rich|poor|old|young|new|"
    r"strong|weak|long|short|cheap|earli)est)\b",
    re.IGNORECASE,
)
_ASKING_CHINESE = re.compile(r"什么时候|什么地方|为什么|多少|哪里|哪儿|哪年|何时|谁|几个|怎么|如何|什么")


def condense(question: str, turns: Sequence[Turn], glossary: Glossary) -> str:
    """The question of a follow-up as one that stands alone; any other as it is."""
    text = " ".join(question.split())
    if kind_of(text, turns) != "follow-up":
        return text
    last = turns[-1].question
    if asks_only_why(text):
        return f"Why {_statement(last)}?"
    if wants_more(text) and (about := topic(turns, glossary)):
        return f"Tell me about {about}."
    bare = without_openers(text)
    if (asked := _ASKING_CHINESE.search(bare)) and _ASKING_CHINESE.search(last):
        return _ASKING_CHINESE.sub(asked.group(), last, count=1)
    if pronoun := free_pronoun(bare):
        whom = person(turns)
        if re.fullmatch(r"he|him|his|she|hers?", pronoun.group(), re.IGNORECASE) and whom:
            return _with_topic(bare, pronoun, whom, last)
        return _with_topic(bare, pronoun, topic(turns, glossary, besides=whom), last)
    if again := said_again(bare, last):
        start, end, name = again
        return f"{bare[:1].upper()}{bare[1:start]}{name}{bare[end:]}"
    if noun := lacking(bare):
        return _of(bare, noun.end, topic(turns, glossary))
    if (asking := WH.match(bare)) and (len(content(bare)) > 1 or (asking["word"].lower() == "who" and content(bare))):
        return f"{bare[0].upper()}{bare[1:]}" if names(bare) else _about(bare, topic(turns, glossary))
    return _replaced(last, bare.rstrip("?？ ."), glossary) if not WH.match(bare) else _asked_anew(last, bare)


def said_before(question: str, turns: Sequence[Turn], kind: Kind) -> Answer:
    """Who says what the last answer said, or one item of it; or all of it, where it cannot be translated."""
    last = turns[-1].answer
    if kind == "item" and (item := of_the_last(question, turns)):
        only = Sentence(item.citation.line, (item.citation.number,), True)
        return Answer(
            question, (only,), (item.citation,), False, "extractive", last.confidence, understood=item.question
        )
    if kind == "translate":
        warning = "without a language model an answer stays in the language of its documents"
        return replace(last, question=question, warnings=(warning,), understood="")
    sentences = tuple(
        Sentence(f"{', '.join(_who(citation))}: “{citation.line}”", (citation.number,), True)
        for citation in last.citations
    )
    return replace(last, question=question, sentences=() if last.abstained else sentences, warnings=(), understood="")


def _who(citation: Citation) -> list[str]:
    document = citation.document
    page = f"page {citation.page}" if citation.page else ""
    return [part for part in (document.title, document.publisher, document.date, page) if part]


def _with_topic(text: str, pronoun: re.Match[str], about: str, last: str) -> str:
    """A question with what its pronoun stands for."""
    if not about:
        return text
    start, end = pronoun.span()
    owned = re.match(r" (\w+)", text[end:]) if pronoun["owner"] else None
    if re.sub(r"^the ", "", about) in text:
        changed = text
    elif noun := noun_behind(text, pronoun):  # "this tradition of Mid-Autumn"
        changed = f"{text[: noun.end]} of {about}{text[noun.end :]}"
    elif pronoun.group().lower() == "there":
        changed = f"{text[:start]}in {about}{text[end:]}"
    elif owned and re.search(r"['’]s\b", about):  # "Jiangsu's GDP's growth" is what nobody says
        changed = f"{text[:start]}the{owned.group()} of {about}{text[end + owned.end() :]}"
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


def _about(text: str, about: str) -> str:
    """A question that names nothing, asked of the topic."""
    return f"{text.rstrip('?？ ')} {'' if not about else f'of {about}'}".rstrip() + "?"


def _statement(question: str) -> str:
    """What a question takes for granted: "Which mechanisms are new?" -> "mechanisms are new"."""
    return _ASKING.sub("", question).strip(" ?？.")


def _asked_anew(last: str, asking: str) -> str:
    """ "And when?" after "Who founded it?": the last question with another question word."""
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
    if any(word.stem in DIRECTIONS for word in words(plain)):
        olds = [word for word in words(changed) if word.stem in DIRECTIONS]
        if olds:
            return _cut(changed, olds[0].start, olds[-1].end, plain)
    # A name takes the place of a name, the last one; a term that of a term.
    if names(f"of {plain}"):
        owner = bool(re.search(r"['’]s$", plain))
        named = runs(changed, names(changed))
        named = [(a, b) for a, b in named if a > 0 and not changed[a:b].isupper()] or named
        if named:
            start, end = max(named)
            owned = changed[end:].startswith(("'s", "’s")) or re.search(r"['’]s$", changed[start:end])
            start -= len("the ") if re.search(r"\bthe $", changed[:start]) else 0  # of the United States, of Germany
            return _cut(changed, start, end, re.sub(r"['’]s$", "", plain) if owner and not owned else plain)
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
    return f"{changed.rstrip('?？ ')} {new}?"


def _cut(text: str, start: int, end: int, new: str) -> str:
    """`text` with start:end replaced by `new`, without an article twice."""
    before = text[:start]
    if repeated := re.match(rf"\s+{re.escape(new.split()[-1])}\b", text[end:], re.IGNORECASE):
        end += repeated.end()
    if re.match(r"the\s", new, re.IGNORECASE):
        before = re.sub(r"\bthe\s+$", "", before, flags=re.IGNORECASE)
    return before + new + text[end:]
