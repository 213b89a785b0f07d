"""The data that moves through briefdesk: Document -> Passage -> Hit -> Citation -> Answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from rag.markup import COLUMN, MARKDOWN, cells_of, without_markup, without_targets


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list in a document, as character ranges: its items, and what introduces them, where something does.

    `lead` is the sentence before the list ("We make three recommendations:"), or the item that a list within a list
    stands under; of numbered sections, which are `of_sections`, the heading above them. `end` is where what belongs to
    the last item ends.
    """

    items: tuple[tuple[int, int], ...]
    end: int
    lead: tuple[int, int] | None = None
    of_sections: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A file or page as it is stored: its canonical text and where it came from.

    For Markdown and plain text the canonical text is the file itself, decoded, with line ends made `\\n`;
    for HTML and PDF it is the text that was extracted. `id` is a hash of the content, the same on any machine.
    """

    id: str
    source: str  # absolute path or URL: the key under which it was ingested
    name: str  # the file's name, or the URL: what users see and scripts compare
    title: str
    text: str
    publisher: str = ""
    date: str = ""  # ISO 8601, as precise as known: 2025, 2025-06 or 2025-06-30
    language: str = ""
    url: str = ""
    pages: tuple[tuple[int, int], ...] = ()  # character range of each page; empty where the format has none
    group: str = ""
    topics: tuple[str, ...] = ()
    recipe: str = ""  # how its passages were cut: another recipe gives other passages of the same document
    lists: tuple[ItemList, ...] = ()  # in the order in which they begin


@dataclass(frozen=True, slots=True)
class Listing:
    """A live document as a list shows it: what is known of it without its text."""

    id: str
    recipe: str
    source: str
    name: str
    title: str
    publisher: str
    date: str
    language: str
    group: str
    pages: int
    added_at: str
    tokens: int
    passages: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that is embedded and retrieved as one unit.

    `text == document.text[start:end]` always holds, so a quote can be traced to its characters.
    """

    id: str
    document_id: str
    start: int
    end: int
    text: str
    heading: str = ""
    page: int | None = None  # 1-based; None where the format has no pages
    ordinal: int = 0  # position among the passages of its document
    sentences: tuple[tuple[int, int], ...] = ()  # character ranges in the document's text

    @property
    def section(self) -> str:
        """The headings it stands under, without the names of a table's columns."""
        return self.heading.rpartition(" > ")[0] if self.columns else self.heading

    @property
    def columns(self) -> list[str]:
        """The names of the columns of a table whose rows do not say them; empty elsewhere."""
        names = self.heading.rpartition(" > ")[2].split(COLUMN)
        return names if len(names) > 1 and self.text.startswith("|") else []

    @property
    def read(self) -> str:
        """The text without where links lead, in the same places."""
        return without_targets(self.text)

    def embedded_text(self, document: Document) -> str:
        """What the model reads: title and heading path tell it what "it" and "the plan" are about."""
        return self.prefix(document) + self.read

    def prefix(self, document: Document) -> str:
        # A file's name, in place of a title, says nothing to a language model and leads it astray.
        title = "" if document.title == document.name else document.title
        path = " > ".join(part for part in (title, self.heading) if part)
        return f"{path}\n" if path else ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found. Ranks are 1-based; None where that search did not return it."""

    passage: Passage
    document: Document
    score: float
    dense_rank: int | None = None
    lexical_rank: int | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A quotation: `document.text[start:end] == quote`, checked when the answer is made."""

    number: int
    document: Document
    passage: Passage
    start: int
    end: int
    quote: str
    page: int | None = None

    @property
    def line(self) -> str:
        """The quotation for a reader: on one line, however the document breaks it, without Markdown's marks, and the
        cells of a table with the names of their columns."""
        quote = without_markup(self.quote) if self.document.name.endswith(MARKDOWN) else self.quote
        if (columns := self.passage.columns) and quote.startswith("|") and "\n" not in quote:
            cells = cells_of(quote)
            if len(cells) == len(columns):
                quote = COLUMN.join(f"{name}: {cell}" for name, cell in zip(columns, cells, strict=True) if cell)
        return " ".join(quote.split())


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer with the numbers of the citations it rests on."""

    text: str
    citations: tuple[int, ...]
    supported: bool
    reason: str = ""  # why it is not supported


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, or a section: for each column the sentences, by their place in the answer."""

    heading: str
    cells: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """How a long answer is laid out: a comparison has a column for each subject, anything else has one."""

    kind: str  # comparison, summary, briefing or overview
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """What the glossary says of a term, and on which source. It is the glossary's, and no quotation of a document."""

    term: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What another source says otherwise than an answer's citations: for a reader, and where it stands."""

    note: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Usage:
    """What a language model read and wrote, in tokens: `counted` by its provider, or else by tiktoken.

    `cost` is in the currency of the prices that were set; None where none are.
    """

    input_tokens: int
    output_tokens: int
    counted: bool
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown. An abstained answer has no sentences; its citations are the nearest passages."""

    question: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    abstained: bool
    mode: str  # "extractive", or the model as provider:model
    confidence: float = 0.0
    warnings: tuple[str, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)
    usage: Usage | None = None
    differences: tuple[Difference, ...] = ()
    outline: Outline | None = None
    definition: Definition | None = None  # of the term that was asked for
    complete: bool = True  # False while a language model is still writing
    understood: str = ""  # a follow-up as the question that was answered; empty when it stands alone

    @property
    def text(self) -> str:
        return "\n".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation as it was understood, and its answer."""

    question: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Step:
    """What is being done for a question while nothing can be shown yet: searching, reading, writing or checking.

    `count` is that of the passages searched or read, or of the sentences checked.
    """

    name: str
    count: int = 0
