"""English words by which prompts start and stop flows, in all their forms, for `flow_words`."""

from __future__ import annotations

import re
from collections.abc import Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MOVING = _words("""
    flow run stream move drift rise float blow burn flicker wave sway swirl ripple roll pour rush fall flutter billow wander pass
    glide curl dance surge churn swell circle whirl travel sail gush trickle splash cascade crackle blaze
    leap twist ascend climb creep go
    fly swing tumble boil spill wash lap bob stir scud shimmer spin spiral waft wobble flap undulate meander race hurry well bubble
""")
BEGINNING = _words("start begin resume continue keep restart proceed")
"""Verbs before another verb: "starts to flow". Alone they start the flow."""
STOPPING = _words("stop halt freeze pause cease rest end settle stall still stiffen solidify")
IRREGULAR = {
    "ran": "run", "rose": "rise", "risen": "rise", "blew": "blow", "blown": "blow", "fell": "fall", "fallen": "fall",
    "swung": "swing", "went": "go", "gone": "go", "flew": "fly", "kept": "keep", "began": "begin", "begun": "begin",
    "froze": "freeze", "frozen": "freeze", "spun": "spin", "leapt": "leap", "crept": "creep", "burnt": "burn",
}  # fmt: skip
STILL = _words("still motionless unmoving immobile frozen stationary halted")
NOT = _words("not never don't doesn't didn't won't isn't aren't wasn't can't cannot hardly barely neither")
BE = _words("""
    is are was were be been being has have had do does did will would shall should may can could must let's to
""")
ADVERBS = _words("""
    then again now also all both just once more suddenly soon finally forever still too already first long longer only always here
    there together at last back out up down away off forth on by
""")
NEUTRAL = _words("""
    slow slows slowed darken darkens grow grows glow glows gather gathers part parts thicken thickens turn turns remain remains stay
    stays stand stands lie lies hang hangs hold holds become becomes look looks seem seems appear appears
    calm quiet silent
""")
"""Other verbs after which the clause may go on: "slows down and stops"."""
PREPOSITIONS = _words("""
    in on at under over above below beneath behind beside across along around through near of from past towards toward before
    between within into against beyond
""")
ARTICLES = _words("the a an its his her their my our your this these that those some every each any")
LEADS = _words("""
    please then now again suddenly finally soon meanwhile also slowly gently first still yet here there only even so that with until
    when as while where once because whereas which who all both just and but or
""")
"""Words before the subject of a clause."""
OTHERS = _words("camera view shot follow follows show shows see sees cross crosses reach reaches")
"""Words that make a noun after them the object of another subject."""
COMMANDS = {
    **dict.fromkeys(_words("stop freeze halt pause still hold"), False),
    **dict.fromkeys(_words("start resume move animate unfreeze restart"), True),
}
LETS = _words("let make have keep set get see watch")

STOP_PHRASES = re.compile(
    r"(?:comes?|came|coming|grinds?|ground) to (?:an? |its )?(?:\w+ )?(?:rest|stop|halt|standstill|end)"
    r"|(?:die|dies|died|dying|calms?|calmed) (?:down|away|out)|(?:is|are|was|were|stays?|lies?|remains?) at rest"
    r"|(?:goes|go|went|burns?) out|turn(?:s|ed)? (?:to|into) (?:ice|stone|glass)|(?:hold|stand|keep)s? still"
)
START_PHRASES = re.compile(
    r"(?:goes|go|went) on|(?:comes?|came) (?:alive|(?:back )?to life)|(?:(?:is|are|be|gets?|sets?) )?(?:back )?in motion"
    r"|wak(?:e|es|ing) up"
)
EVERYTHING = re.compile(
    r"(?:all of it|all of them|everything(?: else)?|they all|all (?:the )?(?:movements?|motion|flows?)"
    r"|(?:the )?(?:whole |entire )?(?:picture|scene|world|image)"
    r"|all(?= (?:is|stands|stops|freezes|moves))|time(?= (?:stops|freezes|stands|halts|comes|is frozen)))\b"
)


def root(word: str) -> str:
    """The verb of which a word is a form; "" if it is none of these."""
    return IRREGULAR.get(word) or _ROOTS.get(word, "")


def moves(word: str) -> bool | None:
    """Whether a verb says that something moves (True) or stands still (False); None: another word."""
    verb = root(word)
    return verb not in STOPPING if verb else None


def is_participle(word: str) -> bool:
    """Whether a verb is in a form that needs another verb, or describes a noun."""
    return word.endswith(("ing", "ed")) or word in IRREGULAR


def forms(name: str) -> tuple[str, ...]:
    """A noun in the singular and in the plural."""
    if name.endswith("ies"):
        return name, f"{name[:-3]}y"
    if name.endswith(("ss", "sh", "ch", "x")):
        return name, f"{name}es"
    if is_plural(name):
        return (name, name[:-1], name[:-2]) if name.endswith(("shes", "ches", "xes")) else (name, name[:-1])
    return name, f"{name[:-1]}ies" if re.search("[^aeiou]y$", name) else f"{name}s"


def is_plural(name: str) -> bool:
    """Whether a noun is in the plural."""
    return name.endswith("s") and not name.endswith("ss")


def _bend(verb: str) -> Iterator[str]:
    """The regular forms of a verb."""
    doubled = verb == "begin" or re.fullmatch(r"[^aeiou]*[aeiou][bdgmnpt]", verb)
    stem = verb + verb[-1] if doubled else verb.removesuffix("e")
    yield from (verb, f"{stem}ing")
    if re.search(r"[^aeiou]y$", verb):
        yield from (f"{verb[:-1]}ies", f"{verb[:-1]}ied")
    else:
        yield from (f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "o")) else f"{verb}s", f"{stem}ed")


_ROOTS = {form: verb for verb in sorted(MOVING | BEGINNING | STOPPING) for form in _bend(verb)}
