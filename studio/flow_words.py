"""What a prompt asks of the flows on the picture: "the water stops", "the clouds drift again".

Only English sentences are read, by their grammar and a list of verbs. A clause counts when a flow is its subject, or the object
of a command ("freeze the water"). The page offers such phrases and the engine follows them, so this module knows neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from studio.flow_vocabulary import (
    ADVERBS,
    ARTICLES,
    BE,
    BEGINNING,
    COMMANDS,
    EVERYTHING,
    LEADS,
    LETS,
    NEUTRAL,
    NOT,
    OTHERS,
    PREPOSITIONS,
    START_PHRASES,
    STILL,
    STOP_PHRASES,
    STOPPING,
    forms,
    is_participle,
    is_plural,
    moves,
    root,
)

_CLAUSE = re.compile(r"[.,;:!?\n()\u2013\u2014\u2026]+|\b(?:and|or|while|but|then|when|until|whereas|because|as)\b")
_EXCEPT = re.compile(r"(?:except for|except|besides|apart from|other than) ")
_FLOW_OF = re.compile(r"(?:flow|movement|motion|drift|surface|current|flicker) of (?=the )")
_OF_FLOW = re.compile(r"'s? (?:flow|movement|motion|surface|current|drift)\b")
_VERBS = {"clouds": "drift", "smoke": "rises", "flames": "flicker", "hair": "waves", "curtain": "sways", "curtains": "sway"}


def flow_phrases(name: str) -> tuple[str, str]:
    """What a prompt says to start and to stop the flows of a name."""
    many = is_plural(name)
    return f"the {name} {_VERBS.get(name, 'flow' if many else 'flows')}", f"the {name} {'stop' if many else 'stops'}"


def asked_flows(prompt: str, names: Sequence[str]) -> dict[str, bool]:
    """What a prompt asks of the flows of these names: True starts them, False stops them; the others go on as before.

    Args:
        prompt: of a segment, in English.
        names: of the flows on the picture, in small letters.
    """
    return _Reader(names).read(prompt) if names else {}


class _Reader:
    """Reads one prompt, clause by clause."""

    def __init__(self, names: Sequence[str]) -> None:
        self._forms = {form: name for name in reversed(names) for form in reversed(forms(name))}
        longest = sorted(self._forms, key=len, reverse=True)
        self._name = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])")
        self._asked: dict[str, bool] = {}
        self._subjects: set[str] = set()       # of the clauses before
        self._open = False                     # whether these still wait for their verb: "the water and the clouds"
        self._order: bool | None = None        # of the command before: "freeze the water and the clouds"

    def read(self, prompt: str) -> dict[str, bool]:
        """See `asked_flows`."""
        text = re.sub(r"[\"\u201c\u201d]", " ", prompt.lower().replace("\u2019", "'"))
        text = re.sub(r"\bno (?:longer|more)\b", "not", text)
        text = re.sub(r"\b(everything|all) but\b", r"\1 except", text)     # this "but" begins no clause
        for clause in _CLAUSE.split(text):
            if clause.strip():
                self._clause(" ".join(clause.split()))
        return self._asked

    def _clause(self, clause: str) -> None:
        self._describe(clause)
        words = clause.split()
        while len(words) > 1 and words[0] in LEADS and not EVERYTHING.match(" ".join(words)):
            words.pop(0)
        text = " ".join(words)
        if self._command(text):
            return
        found = self._subject(text)
        if found is None:                      # "... and stops": of the subjects before
            verb = self._verb(text)
            if verb is not None and self._subjects:
                self._ask(self._subjects, verb)
                self._open = False
            elif not self._is_neutral(text) or not self._subjects:
                self._go_on(set())
            return
        names, negated, rest = found
        together = names | (self._subjects if self._open else set())
        verb = self._verb(rest)
        if verb is not None:
            self._ask(together, verb != negated)
            self._go_on(together)
        elif not rest and self._order is not None:
            self._ask(names, self._order)
        elif not rest or self._is_neutral(rest):
            self._go_on(together, open_=True)
        else:
            self._go_on(set())

    def _go_on(self, subjects: set[str], open_: bool = False) -> None:
        """Remember the subjects of a clause for the next one."""
        self._subjects, self._open, self._order = subjects, open_, None

    def _command(self, text: str) -> bool:
        """Whether the clause is a command about a flow; then it is followed."""
        negated = re.match(r"(?:do not|don't|never) ", text)
        first, _, after = text[negated.end() if negated else 0 :].partition(" ")
        if first not in COMMANDS and first not in LETS:
            return False
        found = self._subject(after)
        if found is None:
            return False
        verb = self._verb(found[2]) if first in LETS else COMMANDS[first]
        if verb is not None:
            self._go_on(found[0])
            self._order = verb != bool(negated)
            self._ask(found[0], self._order)
        return True

    def _subject(self, text: str) -> tuple[set[str], bool, str] | None:
        """The names that a clause begins with, whether "no" stands before them, and the rest of the clause; None: other words."""
        if every := EVERYTHING.match(text):
            return self._everything(text[every.end() :].strip())
        if text.startswith("nothing "):
            rest = text.removeprefix("nothing ")
            return (set(self._forms.values()), True, rest) if self._verb(rest) else None
        words = text.removeprefix("all of ").removeprefix("both ").split()
        negated = bool(words) and words[0] == "no"
        while words and (words[0] in ARTICLES or words[0] in ("no", "all")):
            words.pop(0)
        rest = " ".join(words)
        if inner := _FLOW_OF.match(rest):
            return self._subject(rest[inner.end() :])
        name = self._name.search(rest)
        if name is None or not self._are_adjectives(rest[: name.start()].split()):
            return None
        return {self._forms[name[0]]}, negated, _OF_FLOW.sub("", rest[name.end() :], 1).strip()

    def _everything(self, rest: str) -> tuple[set[str], bool, str]:
        """All names, without one that is excepted."""
        names = set(self._forms.values())
        other = self._name.search(rest) if _EXCEPT.match(rest) else None
        if other:
            return names - {self._forms[other[0]]}, False, rest[other.end() :].strip()
        return names, False, rest

    @staticmethod
    def _are_adjectives(words: list[str]) -> bool:
        """Whether words before a noun may describe it: no more than two, and none is a verb or a preposition that we know."""
        known = PREPOSITIONS | BE | OTHERS
        return len(words) < 3 and not any(w in known or (root(w) and not is_participle(w) and w not in STILL) for w in words)

    def _verb(self, text: str) -> bool | None:
        """Whether a clause, after its subject, says that it moves (True) or stands still (False); None: neither."""
        negated = aside = False
        begun: bool | None = None
        words = text.split()
        for index, word in enumerate(words):
            rest = " ".join(words[index:])
            if not aside and (phrase := STOP_PHRASES.match(rest) or START_PHRASES.match(rest)):
                return (phrase.re is START_PHRASES) != negated
            if word == "still" and any(root(later) for later in words[index + 1 : index + 3]):
                continue                                     # "still flows"
            meaning = False if word in STILL else None if aside and is_participle(word) else moves(word)
            if word in NOT:
                negated = not negated
            elif meaning is not None and root(word) in BEGINNING:
                begun, negated = not negated, False
            elif meaning is not None:
                return meaning != negated if begun is None else (meaning != negated) == begun
            elif word in PREPOSITIONS and begun is None:
                aside = True
            elif not aside and begun is None and not self._is_neutral(word):
                return None
        return begun

    @staticmethod
    def _is_neutral(text: str) -> bool:
        """Whether the first word may stand between a subject and its verb."""
        word = text.partition(" ")[0]
        return word in BE | ADVERBS | NEUTRAL | PREPOSITIONS or word.endswith("ly")

    def _describe(self, clause: str) -> None:
        """Follow "flowing water" and "frozen clouds", wherever they stand."""
        for name in self._name.finditer(clause):
            before = clause[: name.start()].split()
            word = before.pop() if before else ""
            if {*before, word} & (NOT | {"no", "without"}) or any(root(earlier) in STOPPING for earlier in before):
                continue
            if (word in STILL and before) or word == "standing":
                self._asked[self._forms[name[0]]] = False
            elif word.endswith("ing") and root(word):
                self._asked[self._forms[name[0]]] = True

    def _ask(self, names: Iterable[str], answer: bool) -> None:
        self._asked.update(dict.fromkeys(names, answer))
