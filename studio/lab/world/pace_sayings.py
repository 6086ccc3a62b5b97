"""Everyday and technical ways to say how fast the camera moves and how softly it starts, beside those of `camera_words`.

Only the reader of words learns from them.
"""

from __future__ import annotations

SLOW = (
    "at a glacial pace", "like a tortoise", "unrushed", "in slo-mo", "slo-mo", "slow-mo", "adagio", "lento", "andante",
    "meditatively", "contemplatively", "at a stroll", "no rush", "without rushing", "hardly moving", "millimetre by millimetre",
    "centimetre by centimetre", "taking all the time in the world", "take it slow", "take your time", "nice and slow",
    "nice and easy", "slow and steady", "slowly but surely", "ultra slow", "super slow", "sooo slowly", "slooowly", "slowwwly",
    "slow as honey", "like treacle", "like in a dream", "gingerly", "deliberately slowly", "at a snail-like pace",
    "at quarter speed", "with a slow, even pace", "so slowly one hardly notices", "so gradually that nobody notices",
    "almost too slow to see",
    "barely perceptibly", "hardly noticeably", "at a gentle pace", "with no hurry at all", "in no hurry", "in an unhurried way",
    "quietly and slowly", "sedately", "slow pace", "low speed", "speed: slow", "pace: slow", "(slow)", "a touch at a time",
    "very very slowly", "slowly, slowly", "extremely slowly", "terribly slowly", "slowlyyy", "slow motion", "like a sleepwalker",
    "as calmly as possible", "creepingly", "by inches", "peu a peu",
)
FAST = (
    "presto", "pronto", "asap", "lickety-split", "in a jiffy", "at warp speed", "like a shot", "in the blink of an eye",
    "at a gallop", "full throttle", "at full throttle", "with a whoosh", "snappily", "zippily", "at a clip", "in double time",
    "at blistering speed", "on the double", "double quick", "double-quick", "like the wind", "like a rocket", "like a bullet",
    "at lightning speed", "with lightning speed", "in a split second", "in an instant", "at a run", "at a sprint", "in fast motion",
    "fast motion", "very very fast", "quick quick", "faster, faster", "allegro", "vite", "chop chop", "hurry", "hurry up",
    "be quick", "make it quick", "make it fast", "quickly, quickly", "quick!", "fast!", "as quickly as you can",
    "as quick as possible", "as fast as it goes", "with great haste",
    "at maximum speed", "high speed", "speed: fast", "pace: fast", "(fast)", "super quick", "super quickly", "extremely fast",
    "insanely fast", "ultra fast", "fastttt", "at a tearing pace", "hell for leather", "pell-mell", "headlong", "in record time",
    "with a jerk, fast", "explosively", "violently fast", "dashingly fast", "whip-fast", "rapidly, almost a blur", "in a blur",
    "with speed and energy", "turbo", "swiftly and suddenly", "in a swift motion", "at express speed", "like a flash",
    "at triple speed", "wildly fast",
)
SLOW_ADJECTIVES = ("unrushed", "glacial", "meditative", "dreamy", "dreamy, unhurried", "tender slow", "slow-motion", "super slow",
    "slow and gentle", "slow, almost imperceptible", "barely perceptible", "snail-paced", "ultra-slow", "stately", "sedate",
    "relaxed slow", "nice slow", "really slow", "extremely slow", "hypnotic slow", "slow, dreamy", "gradual, slow", "contemplative",
    "lingering slow", "slo-mo", "long, slow", "gentle, slow", "unhurried, quiet", "lento", "hushed slow")
FAST_ADJECTIVES = ("lightning", "snappy", "zippy", "blistering", "breakneck", "superfast", "super-fast", "rocket-like",
    "speedy little", "rushing", "hectic", "breathless", "fast-paced", "rapid-fire", "extremely fast", "really quick", "really fast",
    "high-velocity", "turbo", "whooshing", "swishing", "racing", "hurtling", "flying fast", "fast, energetic", "quick, snappy",
    "split-second", "double-speed", "furious", "wild fast", "violent fast", "express", "whiplash")
SLOW_VERBS = ("creep", "crawl", "inch", "edge", "mosey", "plod", "dawdle", "shuffle slowly", "ooze", "saunter slowly",
    "crawl along", "creep along", "slink slowly", "snail", "move at a crawl", "trickle")
FAST_VERBS = ("zip", "whizz", "whiz", "whoosh", "bolt", "tear", "blast", "gallop", "streak", "rocket", "hurtle", "sprint", "scoot",
    "zoom along fast", "speed", "race", "rush", "dash", "dart", "shoot", "fly fast", "hasten", "scurry", "careen", "jet", "lunge",
    "charge", "burst", "barrel", "hare", "leg it", "pelt along", "belt", "career", "jolt quickly", "catapult", "swish", "whisk")
FLINGS = ("hurl", "fling", "whip", "jerk", "yank", "snap", "whisk", "flick", "rush", "toss", "speed", "throw", "whirl")
"""Verbs that say a quick pace, with the camera as their object."""
EASED = (
    "gently starting and gently stopping", "with a soft take-off and landing", "soft start", "soft start, soft landing",
    "soft start, soft stop", "soft start and soft end", "with a gentle start and a gentle end", "with a gentle start and stop",
    "with a gentle beginning and finish", "starting softly", "starting gently", "beginning gently",
    "starting slowly, then normal, then stopping softly", "gently accelerating, gently braking", "with ramped speed",
    "with speed ramps at both ends", "ramp up, ramp down", "ramping up and down", "feathered start and stop",
    "with a feathered start", "feather the start and the end", "cushioned at both ends", "with a cushioned stop", "with cushion",
    "ease-in-out", "ease in-out", "ease in out", "ease both ends", "ease-in, ease-out", "eased at both ends", "ease it in and out",
    "bezier eased", "sine easing", "cubic easing",
    "with smooth easing", "use easing", "easing: on", "with soft edges to the movement", "with soft in and out",
    "soft in, soft out", "slow-in, slow-out", "no sudden start or stop", "without a jerk at the start or end",
    "without jolting at start and end", "no hard start, no hard stop", "no abrupt start or stop", "without abrupt stops",
    "getting going gently and settling softly", "settle softly at the end", "and settle gently", "coming gently to a halt",
    "and glide to a stop", "and come softly to rest", "softly picking up speed", "gather speed gently and let it run out",
    "swelling and ebbing", "like a pendulum, soft at both ends", "floating into the move and out of it", "silky smooth",
    "smooth as silk", "smooth like butter", "buttery smooth", "very smoothly", "so smoothly", "super smooth", "with a smooth start",
    "with smooth starts", "with a smooth finish", "smooth in, smooth out", "smooth start and stop", "smooth start, smooth end",
    "smoothly easing in and easing out", "seamlessly smooth", "fluid motion", "in a fluid motion", "in one fluid movement",
    "in a single smooth sweep", "in a graceful, smooth motion", "speeding up gently, then slowing down gently",
    "gradually accelerating and then gradually braking", "accelerate softly, brake softly",
    "soft acceleration and soft deceleration", "with gentle acceleration", "with soft acceleration",
    "slowing down softly before it stops", "speeding up and then slowing to a rest",
)
EASED_ADJECTIVES = ("smooth", "smooth", "eased", "soft-starting", "fluid", "smooth, flowing", "silky", "silky smooth", "buttery",
    "gently eased", "soft-edged", "ease-in ease-out", "eased-in and eased-out", "smoothly starting", "smooth, eased",
    "smoothly accelerating", "jolt-free, smooth")
EASED_ADVERBS = ("smoothly", "smoothly", "fluidly", "ever so smoothly", "with smooth easing", "seamlessly and smoothly")
EASE_INTO = ("ease into", "ease gently into", "gently ease into", "ease softly into", "ease in to", "slip smoothly into",
    "glide smoothly into", "softly start", "gently begin", "start softly into", "start gently with", "ease into and out of",
    "let us ease into", "the camera eases into", "we ease into", "easing into", "begin gently with", "softly set off on")
"""What stands before a move as a noun, as in "ease into a pan to the left"."""
EASE = ("ease", "ease", "gently ease", "ease us", "ease the camera", "ease the view", "ease the shot", "let the camera ease",
    "the camera eases", "we ease", "the view eases", "ease our way")
"""What stands before a direction, as in "ease us toward the house"."""
