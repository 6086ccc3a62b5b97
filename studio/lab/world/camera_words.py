"""A thesaurus of camera moves: verbs, directions, nouns and whole phrases for each, for captions much broader than `phrases`.

In an entry `{thing}` stands for something in the scene, `{high}` and `{low}` for something above or below,
    `{tall}` for something to
look up or down along. Only the reader of words learns from it (`wordings`); the film model's own captions do not change.
"""

from __future__ import annotations

SUBJECTS = (
    "the camera", "the camera", "the camera", "the camera", "camera", "our camera", "the view", "the shot", "we", "we", "we",
        "the lens",
    "the frame", "the picture", "the viewpoint", "our view", "the point of view", "the perspective", "the gaze", "our eyes",
        "the image",
    "the viewer", "the scene's view", "the film", "it", "i", "the drone", "the steadicam", "the gimbal", "the cameraman", "the cam",
    "the operator", "the eye", "the camera crane", "the spectator", "the observer", "the viewfinder", "my camera", "this shot",
)
OBJECTS = ("the camera", "the camera", "the camera", "the view", "our view", "the lens", "the shot", "the frame", "our gaze",
           "our eyes", "the viewpoint", "the picture", "the perspective", "the eye", "the angle", "the framing", "things", "us",
               "it")
SLOW = (
    "slowly", "slowly", "slowly", "very slowly", "slow", "gradually", "calmly", "gently", "softly", "at a slow pace",
        "unhurriedly",
    "leisurely", "at a leisurely pace", "without haste", "without hurry", "bit by bit", "inch by inch", "little by little",
        "patiently",
    "sluggishly", "languidly", "lazily", "ever so slowly", "quite slowly", "really slowly", "step by step", "in slow motion",
        "steadily and slowly",
    "with great calm", "taking its time", "at a crawl", "at walking pace", "barely noticeably", "almost imperceptibly",
        "imperceptibly",
    "subtly", "at low speed", "at half speed", "slowly and calmly", "ponderously", "delicately", "tenderly", "drowsily",
        "dreamily",
    "cautiously", "carefully", "hesitantly", "slower", "very slow", "at a snail's pace", "by degrees", "as slowly as possible",
)
SLOW_ADJECTIVES = (
    "slow", "slow", "slow", "very slow", "gradual", "gentle", "calm", "leisurely", "unhurried", "lazy", "languid", "patient",
        "subtle",
    "barely noticeable", "almost imperceptible", "imperceptible", "creeping", "crawling", "sluggish", "soft", "slow, calm",
        "long slow",
    "slow cinematic", "tranquil", "quiet slow", "delicate", "cautious",
)
FAST = (
    "quickly", "quickly", "fast", "fast", "rapidly", "swiftly", "very fast", "at high speed", "in a hurry", "briskly", "hastily",
    "at full speed", "at great speed", "at top speed", "in a rush", "suddenly and fast", "as fast as possible", "in a flash",
        "very quickly", "speedily",
    "hurriedly", "at double speed", "with speed", "abruptly and quickly", "in no time", "really fast", "faster", "like lightning",
    "at a rapid pace", "at a fast pace", "at breakneck speed", "in one fast move", "frantically", "furiously", "energetically",
        "sharply", "suddenly", "abruptly",
    "quick", "quick as a flash", "with haste", "in haste", "rapid", "at speed", "super fast", "so fast that everything blurs",
)
FAST_ADJECTIVES = (
    "fast", "fast", "fast", "quick", "quick", "rapid", "swift", "very fast", "brisk", "hasty", "hurried", "speedy", "sudden fast",
    "lightning-fast", "frantic", "sudden", "abrupt", "dynamic fast", "high-speed", "whip", "crash", "rushed", "sharp quick",
    "energetic",
)
PLAIN_ADJECTIVES = ("", "", "", "", "", "", "", "long", "simple", "cinematic", "aerial", "nice", "beautiful", "steady", "slight",
    "small", "short",
                    "wide", "elegant", "sweeping", "big", "dramatic", "continuous", "classic", "single", "little", "straight",
                    "full")
"""Adjectives of a move that say nothing about its pace."""
EASED = (
    "smoothly", "easing in and out", "with a soft start and stop", "smoothly starting and stopping",
        "speeding up and slowing down",
    "in one smooth motion", "accelerating softly, then coming to rest", "eased", "ease in and ease out",
        "with ease-in and ease-out",
    "starting softly and ending softly", "starting gently and stopping gently", "beginning and ending softly",
        "with a gentle start and end",
    "with a smooth start and a smooth stop", "with smooth acceleration and braking", "gently accelerating and decelerating",
    "eased in and out", "with easing", "with a soft start and a soft landing", "with soft beginnings and endings",
        "smooth motion",
    "in a smooth movement", "with a soft beginning and a soft end", "ease in, ease out",
        "building up speed and then slowing to a stop",
    "picking up speed gently and coming softly to rest", "slow in, slow out", "with an S-curve", "fluidly",
        "with smooth starts and stops",
    "starting smoothly and coming smoothly to a halt", "gradually speeding up, then gradually slowing down",
    "accelerating and decelerating smoothly", "with acceleration and deceleration", "softly starting and softly stopping",
)
PAN_VERBS = (
    "pan", "pan", "pan", "pan", "move", "move", "slide", "glide", "drift", "track", "travel", "go", "turn", "turn", "sweep",
        "swing",
    "swivel", "rotate", "truck", "crab", "shift", "scroll", "scan", "look", "look", "glance", "gaze", "peek", "wander", "float",
        "head",
    "veer", "pivot", "roam", "pass", "push", "fly", "roll", "walk", "peer", "steer", "dolly", "slip", "step",
)
"""Verbs for moves to a side. They need a direction."""
UP_VERBS = (
    "tip", "tilt", "tilt", "tilt", "tilt", "pan", "pan", "move", "look", "look", "glance", "gaze", "peer", "crane", "boom", "jib",
        "pedestal",
    "glide", "float", "go", "drift", "travel", "swing", "turn", "sweep", "angle", "pivot", "scroll", "slide", "fly", "rise",
        "rise",
    "climb", "ascend", "soar", "lift", "wander", "track", "shift", "head", "come", "point",
)
DOWN_VERBS = (
    "tip", "tilt", "tilt", "tilt", "tilt", "pan", "pan", "move", "look", "look", "glance", "gaze", "peer", "crane", "boom", "jib",
        "pedestal",
    "glide", "float", "go", "drift", "travel", "swing", "turn", "sweep", "angle", "pivot", "scroll", "slide", "fly", "sink",
        "sink",
    "descend", "drop", "fall", "dip", "come", "wander", "track", "shift", "head", "bend", "lower", "point",
)
SLOW_VERBS = {"left": ("creep", "crawl", "inch", "edge"), "right": ("creep", "crawl", "inch", "edge"),
              "up": ("creep", "crawl", "inch", "edge"), "down": ("creep", "crawl", "inch", "edge"),
              "dolly in": ("creep", "crawl", "inch", "edge", "tiptoe", "sneak", "stroll", "amble"),
              "dolly out": ("creep", "crawl", "inch", "edge", "tiptoe")}
FAST_VERBS = {
    "left": ("whip", "dash", "race", "rush", "dart", "whip pan", "flick", "shoot", "swish pan", "hurry", "speed", "jerk"),
    "right": ("whip", "dash", "race", "rush", "dart", "whip pan", "flick", "shoot", "swish pan", "hurry", "speed", "jerk"),
    "up": ("whip", "race", "rush", "dart", "shoot", "flick", "snap", "jump", "rocket"),
    "down": ("whip", "race", "rush", "dart", "plunge", "plummet", "dive", "flick", "snap", "swoop"),
    "in": ("crash zoom", "snap zoom", "punch zoom", "fast-zoom", "whip zoom", "quick-zoom"), "out": ("crash zoom", "snap zoom",
        "whip zoom"),
    "dolly in": ("rush", "dash", "race", "charge", "hurry", "speed", "run", "sprint", "storm", "shoot", "hurtle", "dart"),
    "dolly out": ("rush", "dash", "race", "run", "hurry", "speed", "shoot", "hurtle"),
}
"""Verbs that say the pace by themselves, used with the directions of the move."""
SIDEWAYS = (
    "{d}", "{d}", "{d}", "{d}", "to the {d}", "to the {d}", "to the {d}", "to the {d}", "towards the {d}", "toward the {d}",
        "{d}wards",
    "{d}ward", "over to the {d}", "round to the {d}", "to the {d}-hand side", "to the {d} side", "sideways to the {d}",
        "off to the {d}",
    "to {d}", "from {o} to {d}", "from the {o} to the {d}", "{o} to {d}", "to the {d} of the {thing}", "{d} across the {thing}",
        "to the {d} along the {thing}",
    "across the {thing} to the {d}", "along the {thing} to the {d}", "past the {thing} to the {d}", "{d} past the {thing}",
        "{d} over the {thing}",
    "over the {thing} towards the {d}", "further {d}", "more to the {d}", "around to the {d}", "{d} towards the {thing}",
        "to the {thing} on the {d}",
    "to the {d} edge of the {thing}", "on to the {d}", "in the direction of the {d}", "away to the {d}", "to its {d}",
        "to our {d}", "all the way {d}",
)
"""Directions of a pan: {d} is left or right, {o} the opposite."""
UP = (
    "at {high}", "at {high}", "up", "up", "up", "up", "up", "upward", "upwards", "upward", "up to {high}", "up towards {high}",
        "towards {high}",
        "to {high}", "up at {high}",
    "up along {tall}", "up {tall}", "up over {tall}", "to the top", "to the top of {tall}", "higher", "higher and higher",
        "skyward", "skywards",
    "from the ground to {high}", "from bottom to top", "from the bottom to the top", "from {low} to {high}", "up from {low}",
        "overhead",
    "above the {thing}", "up above the {thing}", "up into {high}", "up the {thing}", "further up", "upwards to {high}",
        "heavenward", "to what is above",
)
DOWN = (
    "at {low}", "at {low}", "down", "down", "down", "down", "down", "downward", "downwards", "downward", "down to {low}",
        "down towards {low}",
        "towards {low}", "to {low}",
    "down at {low}", "down along {tall}", "down {tall}", "to the bottom", "to the bottom of {tall}", "to the foot of {tall}",
        "lower", "lower and lower",
    "from {high} to {low}", "from top to bottom", "from the top to the bottom", "down from {high}", "down onto {low}",
        "down on {low}",
    "down over {tall}", "further down", "downwards to {low}", "earthward", "down the {thing}", "to what is below",
        "from above to {low}",
)
ALONE = {"up": ("rise", "ascend", "climb", "lift", "soar", "move higher", "go higher", "lift off", "elevate", "levitate"),
         "down": ("sink", "descend", "drop", "dip", "lower", "fall", "go lower", "move lower", "stoop", "come lower")}
"""Verbs that need no direction."""
SHOW = ("show", "show", "reveal", "see", "discover", "show me", "show us", "let us see", "find out", "look for", "explore",
    "uncover")
WHAT = {
    "left": ("what is on the left", "what lies to the left", "the left side", "what is to the left of the {thing}",
        "the left of the {thing}"),
    "right": ("what is on the right", "what lies to the right", "the right side", "what is to the right of the {thing}",
              "the right of the {thing}"),
    "up": ("what is above", "what is up there", "{high}", "what hangs above the {thing}", "the upper part of {tall}",
        "what is overhead"),
    "down": ("what is below", "what is down there", "{low}", "what lies below the {thing}", "the lower part of {tall}",
             "what is underneath"),
}
"""What a move shows, as objects of SHOW."""
NEUTRAL = ("a bit", "a little", "slightly", "now", "once more", "again", "for a while", "all the time", "in one shot",
    "until the end",
           "from here", "at normal speed", "at a normal pace", "please", "this time", "in the whole shot", "at last", "a touch",
           "just a little", "a tad",
           "a hair", "just slightly", "evenly", "at an even pace", "for the whole shot", "without stopping")
"""Adverbs that say nothing about the pace."""
TURN = ("turn", "swing", "point", "move", "bring", "steer", "direct", "aim", "shift", "rotate", "pan", "drag", "guide", "push",
    "pull",
        "slide", "send", "take", "lead", "carry", "angle", "tilt")
"""Verbs with the camera as their object and a direction after it."""
LIFT = {"up": ("raise", "raise", "lift", "elevate", "hoist", "heighten"), "down": ("lower", "lower", "lower", "drop", "sink",
    "let down")}
"""Verbs with the camera as their object that say the direction themselves."""
VERBS_ALONG: dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    "in": (
        (("zoom", "zoom", "zoom", "zoom", "zoom", "zoom"), (
            "in", "in", "in", "in", "in", "in on the {thing}", "into the {thing}", "in to the {thing}", "in closer", "closer",
                "closer to the {thing}",
            "towards the {thing}", "toward the {thing}", "tighter", "in tight on the {thing}", "right in", "onto the {thing}",
                "in towards the {thing}",
            "in on the middle", "into the picture", "in on {face}", "deeper into the {thing}", "nearer", "in further",
                "into the centre", "on the {thing}",
            "up close on the {thing}", "into it", "to the {thing}", "inwards", "to a close-up", "in to a close-up of the {thing}",
                "in from wide to close")),
        (("magnify", "enlarge", "blow up", "scale up", "expand"), (
            "the {thing}", "the middle", "the view", "the picture", "the scene", "the image", "the centre", "{face}",
                "the centre of the picture")),
        (("punch", "crop", "zoom", "snap zoom"), ("in", "in on the {thing}", "in closer", "in with the lens",
            "into the {thing}")),
        (("tighten", "narrow"), ("the frame", "the framing", "the shot", "the lens", "the angle", "the field of view",
            "on the {thing}", "in on the {thing}")),
        (("increase", "raise"), ("the zoom", "the focal length", "the magnification", "the zoom level")),
        (("make",), ("the {thing} bigger", "the {thing} larger", "the picture larger", "everything bigger", "it bigger",
            "the {thing} fill the frame")),
    ),
    "out": (
        (("zoom", "zoom", "zoom", "zoom", "zoom", "zoom", "zoom"), (
            "out", "out", "out", "out", "out", "back", "back out", "out wide", "out to a wider view", "away",
                "away from the {thing}", "out from the {thing}",
            "out of the {thing}", "wider", "out until we see the {thing}", "out to show the {thing}",
                "out to reveal the whole {thing}", "out further", "back from {face}",
            "out to a wide shot", "from close to wide", "outwards", "out from {face}", "back to show everything",
                "back to the {thing}", "out to the whole {thing}")),
        (("widen", "broaden", "open up", "extend"), (
            "the frame", "the framing", "the shot", "the lens", "the angle", "the view", "the field of view", "out",
                "to show the {thing}")),
        (("reduce", "decrease", "lower"), ("the zoom", "the focal length", "the magnification", "the zoom level")),
        (("make",), ("the {thing} smaller", "everything smaller", "the picture smaller", "it smaller", "the view wider")),
        (("shrink", "scale down"), ("the {thing}", "the picture", "the image", "the scene")),
        (("show", "reveal", "see", "take in"), ("more of the {thing}", "more of the scene", "the whole scene",
            "more around the {thing}", "a wider view", "everything around",
                                                "more of what is around", "more of the surroundings", "the bigger picture",
                                                    "the entire {thing}")),
    ),
    "dolly in": (
        (("dolly", "dolly", "dolly", "push", "push", "track", "truck"), (
            "in", "in", "in", "forward", "forwards", "towards the {thing}", "in on the {thing}", "into the {thing}", "ahead",
                "closer to the {thing}", "closer",
            "in closer", "toward {face}", "in through the {thing}", "nearer", "inward", "in on {face}", "up to the {thing}",
                "in towards the {thing}", "forward to the {thing}")),
        (("move", "move", "go", "travel", "walk", "fly", "drive", "roll", "glide", "float", "step", "head", "advance", "proceed",
            "ride", "press", "drift", "slide", "sail", "march"), (
            "forward", "forward", "forward", "forwards", "ahead", "towards the {thing}", "toward the {thing}", "into the {thing}",
                "closer", "closer to the {thing}", "nearer",
            "nearer to the {thing}", "deeper into the {thing}", "through the {thing}", "straight ahead", "in closer",
                "up to the {thing}", "forward through the {thing}",
            "forward along the {thing}", "towards {face}", "further in", "into the scene", "ahead into the {thing}",
                "right up to the {thing}", "in", "onward")),
        (("approach", "approach", "near", "enter"), ("the {thing}", "the {thing}", "{face}", "the middle of the {thing}")),
        (("come", "get", "draw", "go", "move"), ("closer", "nearer", "closer to the {thing}", "near to the {thing}",
            "close to {face}", "nearer to the {thing}", "up close to the {thing}")),
        (("advance", "approach", "go in", "walk in", "close in on the {thing}", "go inside the {thing}", "step inside"), ("",)),
        (("bring", "take", "carry", "push", "move", "roll"), ("us closer to the {thing}", "us nearer", "the camera forward",
            "the camera closer", "the camera in", "us into the {thing}")),
    ),
    "dolly out": (
        (("dolly", "dolly", "dolly", "pull", "pull", "pull", "track", "truck"), (
            "out", "out", "back", "back", "backward", "backwards", "away", "away from the {thing}", "back from the {thing}",
                "out of the {thing}", "out from the {thing}",
            "back to reveal the {thing}", "back through the {thing}", "away from {face}", "back to show the {thing}", "off",
                "out to reveal the {thing}")),
        (("move", "move", "go", "travel", "walk", "fly", "drive", "roll", "glide", "float", "step", "drift", "slide", "ride",
            "sail", "fall"), (
            "back", "back", "backward", "backwards", "backwards", "away", "away from the {thing}", "back from the {thing}",
                "off from the {thing}", "farther away", "further away",
            "further back", "backwards through the {thing}", "out of the {thing}", "farther from the {thing}", "in reverse",
                "backwards along the {thing}", "away from {face}")),
        (("back",), ("away", "off", "up", "away from the {thing}", "out of the {thing}", "off from the {thing}",
            "up from the {thing}")),
        (("retreat", "withdraw", "reverse", "recede", "pull back", "back off", "step back", "distance ourselves"), ("", "",
            "from the {thing}", "away from the {thing}")),
        (("leave",), ("the {thing}", "the {thing} behind", "the scene backwards", "the {thing} backwards", "it behind")),
        (("get", "put", "take", "gain"), ("some distance", "some distance from the {thing}", "more distance",
            "distance between us and the {thing}", "a few steps back", "more room")),
        (("pull", "take", "move", "roll", "bring", "drag"), ("the camera back", "the camera backwards",
            "the camera away from the {thing}", "us away from the {thing}", "us back")),
    ),
}
"""For zooms and dollies: verbs, and what may follow each of them."""
NOUNS = {
    "pan": ("pan", "pan", "pan", "pan", "sweep", "swing", "turn", "glide", "drift", "slide", "track", "tracking shot",
        "camera move", "movement", "panning shot", "truck",
            "camera pan", "camera movement", "scan", "look", "panorama"),
    "tilt": ("tilt", "tilt", "tilt", "tilt", "crane shot", "pan", "camera move", "movement", "boom shot", "tilting shot",
        "camera tilt", "look", "glance", "jib shot", "pedestal move", "crane move"),
    "in": ("zoom in", "zoom in", "zoom-in", "zoom into the {thing}", "zoom on the {thing}", "lens zoom in",
        "zoom towards the {thing}", "Ken Burns zoom in", "optical zoom in",
           "zoom in on the {thing}", "camera zoom in", "zoom in on {face}", "zoom-in on the {thing}", "inward zoom",
               "magnification of the {thing}", "enlargement of the {thing}"),
    "out": ("zoom out", "zoom out", "zoom-out", "zoom out of the {thing}", "lens zoom out", "zoom away from the {thing}",
        "Ken Burns zoom out", "optical zoom out", "zoom back",
            "zoom out from the {thing}", "camera zoom out", "zoom out to the {thing}", "outward zoom", "widening of the frame",
                "reverse zoom"),
    "dolly in": ("dolly in", "dolly in", "dolly-in", "push in", "push in", "push-in", "dolly shot forward", "forward dolly",
        "forward tracking shot", "dolly forward", "push forward",
                 "push-in on the {thing}", "dolly in on the {thing}", "forward move", "forward movement",
                     "approach to the {thing}", "dolly towards the {thing}", "track in", "walk towards the {thing}",
                 "flight towards the {thing}", "push towards the {thing}", "drone shot forward", "camera push in",
                     "camera dolly in"),
    "dolly out": ("dolly out", "dolly out", "dolly-out", "pull back", "pull back", "pull-back", "pull out",
        "dolly shot backwards", "backward dolly", "backward tracking shot", "dolly back",
                  "pull-out", "pull-back from the {thing}", "retreat from the {thing}", "retreat", "backward move",
                      "backward movement", "track out", "track back", "camera pull back", "drone pull-back",
                  "camera dolly out", "withdrawal"),
}
