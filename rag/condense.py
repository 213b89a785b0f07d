"""A question in a conversation, made to stand alone: "And in the west?" after one about the coast.

By rules, for English and the commonest Chinese forms. What is asked of a name, a date or a direction is asked again of
the new one; "it" and "they" become what the last question was about; "why" is asked of the last question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag.glossary import Glossary
from rag.grammar import DIRECTIONS, content, names, verbs
from rag.places import places
from rag.types import Answer, Citation, Sentence
from rag.values import dates
from rag.words import words

Kind = Literal["alone", "follow-up", "source", "translate"]

_SOURCE = re.compile(
    r"^(and |but )?(who|which source|which document|what source)? ?(says|said|claims|writes|wrote) (so|that|this|it)\b|"
    r"^(and |but )?(what|which|where) (is|are|was|were)( your| the)? (source|sources|evidence|reference|references)\b|"
    r"^(how|where) do you know( that| this)?\b|^(says who|according to whom|on what basis|source|sources)\W*$|"
    r"^where (is|does) (that|this|it) (written|come from|stand)\b|谁说的|来源是|出处",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(
    r"^(and |now |please )?(the same |that |this |answer |say it |again )*in (chinese|english|mandarin)\b[\s,]*"
    r"(please)?\W*$"
    r"|^(请)?(用|以)?(中文|英文|汉语|英语)(回答|说)?\W*$",
    re.IGNORECASE,
)
_OPENERS = re.compile(
    r"^(and|but|so|or|then|ok|okay)\b[\s,]*|^(what|how) about\b|^the same (for|of|in|about)\b|^(那么?|那|而|还有)",
    re.IGNORECASE,
)
_THING = (
    "plan|programme|program|project|city|region|place|one|figure|year|term|approach|strategy|law|act|report|brief|fund|"
    "target|goal|group|list|circle|area|concept|phrase|meeting"
)
_PRONOUN = re.compile(
    r"\b(?P<owner>its|their|theirs|his|hers|her)\b|\b(it|they|them|he|him|she|there|the (former|latter|same))\b|"
    rf"\b(this|that|these|those)\b( ({_THING})s?\b|(?=\W*$))|它们?|他们?|她|那里|这个",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(r"\b(is|was) it (true|possible|likely|right|correct|clear|known|planned)\b", re.IGNORECASE)
_WH = re.compile(
    r"^(by |on |in |at |to |from |for |with )?(who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|"
    r"did|can|could|has|have|will)\b",
    re.IGNORECASE,
)
_FINITE = re.compile(
    r"\b(is|are|was|were|be|do|does|did|has|have|had|will|would|can|could|should|may|might|must)\b|[是有在做]",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"^(and |but |so )?(why|how come|what for|为什么|为何)( (is|was|did|does|do) (that|this|it)( so)?| so| not)?\W*$",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^(on |in |by |since |until |at |to |from |for )?"
    r"(which|what|when|where|who|whom|how (many|much|large|big|long|high|far|often)|why|how)\b",
    re.IGNORECASE,
)
_ASKING_CHINESE = re.compile(r"什么时候|什么地方|为什么|多少|哪里|哪儿|哪年|何时|谁|几个|怎么|如何|什么")


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation as it was understood, and its answer."""

    question: str
    answer: Answer


def kind_of(question: str, turns: Sequence[Turn]) -> Kind:
    """What a question is beside those before it. The first one always stands alone."""
    text = " ".join(question.split())
    if not turns or not words(text):
        return "alone"
    if _SOURCE.search(text):
        return "source"
    if _LANGUAGE.search(text):
        return "translate"
    if _OPENERS.match(text) or _WHY.match(text):
        return "follow-up"
    if not _WH.match(text) and len(content(text)) <= 3 and len(words(text)) <= 6 and text.endswith(("?", "？")):
        return "follow-up"  # "The west?"
    acts = verbs(text) - {word.start for word in content(text)[:1]}  # "which date" asks for a date
    if _WH.match(text) and not _FINITE.search(text) and not acts and not names(text):
        return "follow-up"  # "On which date?", "By whom?"
    pronoun = _PRONOUN.search(text)
    if pronoun is None or _EXPLETIVE.search(text):
        return "alone"
    # "China and its provinces": the owner stands before it. At the end of a question "it" is something from before.
    own = names(text[: pronoun.start()]) or len(content(text[: pronoun.start()])) > 2
    return "alone" if own and (pronoun["owner"] or pronoun.end() < len(text.rstrip(" ?？."))) else "follow-up"


def condense(question: str, turns: Sequence[Turn], glossary: Glossary) -> str:
    """The question of a follow-up as one that stands alone; any other as it is."""
    text = " ".join(question.split())
    if kind_of(text, turns) != "follow-up":
        return text
    last = turns[-1].question
    if _WHY.match(text):
        return f"Why {_statement(last)}?"
    bare = text
    while (match := _OPENERS.match(bare)) and match.end():
        bare = bare[match.end() :].strip()
    if (asked := _ASKING_CHINESE.search(bare)) and _ASKING_CHINESE.search(last):
        return _ASKING_CHINESE.sub(asked.group(), last, count=1)
    if _PRONOUN.search(bare):
        return _with_topic(bare, topic(turns, glossary), last)
    if _WH.match(bare) and len(content(bare)) > 1:
        return f"{bare[0].upper()}{bare[1:]}" if names(bare) else _about(bare, topic(turns, glossary))
    return _replaced(last, bare.rstrip("?？ ."), glossary) if not _WH.match(bare) else _asked_anew(last, bare)


def said_before(question: str, last: Answer, kind: Kind) -> Answer:
    """Who says what the last answer said; or the last answer again, where it cannot be translated."""
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


def topic(turns: Sequence[Turn], glossary: Glossary) -> str:
    """What the conversation is about: the longest term or name of the last question, else of its answer."""
    for turn in reversed(turns):
        if found := _topics(turn.question, glossary):
            return found
    for turn in reversed(turns):
        for sentence in turn.answer.sentences[:1]:
            if found := _topics(sentence.text, glossary):
                return found
        for citation in turn.answer.citations[:1]:
            return citation.document.title
    return ""


def _topics(text: str, glossary: Glossary) -> str:
    mentions = [text[m.start : m.end] for m in (*glossary.mentions(text), *places().mentions(text))]
    runs = [run for run in _name_runs(text) if len(run) > 2]
    return re.sub(r"['’]s?$", "", max([*mentions, *runs], key=len, default=""))


def _name_runs(text: str) -> list[str]:
    """Stretches of names: "Western Science City"."""
    runs: list[tuple[int, int]] = []
    for word in names(text):
        if runs and not text[runs[-1][1] : word.start].strip(" -'’"):
            runs[-1] = (runs[-1][0], word.end)
        else:
            runs.append((word.start, word.end))
    return [text[a:b] for a, b in runs]


def _with_topic(text: str, about: str, last: str) -> str:
    if not about:
        return text

    def replace(match: re.Match[str]) -> str:
        if match.group().lower() == "there":
            return f"in {about}"
        return f"{about}'s" if match["owner"] else about

    if re.search(r"['’]s\b", about):  # "Jiangsu's GDP's growth" is what nobody says
        text = re.sub(r"\b(its|their|his|her) (\w+)", rf"the \2 of {about}", text, count=1, flags=re.IGNORECASE)
    changed = text if about in text else _PRONOUN.sub(replace, text, count=1)
    if not _WH.match(changed):  # "And its growth?"
        when = dates(last) if not dates(changed) else []
        changed = f"What is {changed.rstrip('?？ .')}{f' in {last[when[0].start : when[-1].end]}' if when else ''}?"
    return changed[0].upper() + changed[1:]


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
    if any(word.stem in DIRECTIONS for word in words(plain)):
        olds = [word for word in words(changed) if word.stem in DIRECTIONS]
        if olds:
            return _cut(changed, olds[0].start, olds[-1].end, plain)
    # A name takes the place of a name, the last one; a term that of a term.
    if names(f"of {plain}"):
        owner = bool(re.search(r"['’]s$", plain))
        runs = [(changed.rindex(run), changed.rindex(run) + len(run)) for run in _name_runs(changed)]
        runs = [(a, b) for a, b in runs if a > 0 and not changed[a:b].isupper()] or runs
        if runs:
            start, end = max(runs)
            owned = changed[end:].startswith(("'s", "’s")) or re.search(r"['’]s$", changed[start:end])
            return _cut(changed, start, end, re.sub(r"['’]s$", "", plain) if owner and not owned else plain)
    spans = [(mention.start, mention.end) for mention in glossary.mentions(changed)]
    if spans and glossary.mentions(plain):
        return _cut(changed, *max(spans), plain)
    return f"{changed.rstrip('?？ ')} {new}?"


def _cut(text: str, start: int, end: int, new: str) -> str:
    """`text` with start:end replaced by `new`, without an article twice."""
    before = text[:start]
    if re.match(r"the\s", new, re.IGNORECASE):
        before = re.sub(r"\bthe\s+$", "", before, flags=re.IGNORECASE)
    return before + new + text[end:]
