"""The words of captions: phrases that say what happens in a film, and words about scenes that mean nothing."""

from __future__ import annotations

SLOW = ("slowly", "slow", "gently", "very slowly", "gradually", "calmly", "softly", "at a slow pace",
        "unhurriedly")
FAST = ("quickly", "fast", "rapidly", "swiftly", "very fast", "at high speed", "in a hurry", "briskly")
EASED = ("smoothly", "easing in and out", "with a soft start and stop", "smoothly starting and stopping",
         "speeding up and slowing down", "in one smooth motion", "accelerating softly, then coming to rest", "eased")
SUBJECTS = ("the camera", "the camera", "the camera", "camera", "the view", "the shot", "we", "the picture frame")
PAN_VERBS = {"pans": "pan", "moves": "move", "slides": "slide", "glides": "glide", "drifts": "drift", "tracks": "track",
             "travels": "travel", "goes": "going", "turns": "turn", "sweeps": "sweep"}
UP_VERBS = {"tilts": "tilt", "rises": "rise", "pans": "pan", "moves": "move", "cranes": "crane", "looks": "look",
            "glides": "glide"}
DOWN_VERBS = {"tilts": "tilt", "sinks": "sink", "pans": "pan", "moves": "move", "cranes": "crane", "looks": "look",
              "glides": "glide"}
ALONG = {
    "in": ("zooms in", "zooms in closer", "zooms closer", "magnifies the scene", "zooms in on the middle"),
    "out": ("zooms out", "zooms back", "zooms out wide", "zooms out to a wider view"),
    "dolly in": ("dollies in", "pushes in", "moves forward", "moves closer", "comes closer", "goes nearer", "travels forward",
                 "approaches", "drives forward", "walks into the scene", "tracks in"),
    "dolly out": ("dollies out", "pulls back", "moves backward", "backs away", "moves away", "moves back", "pulls out", "retreats",
                  "tracks out", "travels backward"),
}
SHORT_ALONG = {
    "in": ("zoom in", "zooming in", "lens zoom in"), "out": ("zoom out", "zooming out", "lens zoom out"),
    "dolly in": ("dolly in", "push in", "move closer", "dolly forward", "moving forward"),
    "dolly out": ("dolly out", "pull back", "pull out", "dolly back", "moving backward"),
}
HOLD = ("the camera holds still", "the camera is still", "static shot", "the camera does not move", "a locked-off shot",
        "no camera movement", "still camera", "the camera stays", "static camera", "the camera rests", "hold still",
        "the shot is steady", "fixed camera", "the camera stays where it is", "on a tripod")
SHAKE = ("handheld camera", "hand-held shot", "the camera shakes", "shaky camera", "camera shake", "the camera trembles",
         "the shot wobbles", "a shaky handheld shot", "the hand-held camera sways", "the picture shakes", "filmed by hand",
         "the camera is unsteady")
LIGHT = {
    "day": ("it becomes day", "daylight returns", "plain daylight", "broad daylight", "noon", "ordinary daylight",
            "it is day again", "neutral light", "the light is normal again", "midday"),
    "dawn": ("dawn breaks", "the sun rises", "morning comes", "first light", "sunrise", "dawn", "the morning light comes",
             "early morning"),
    "dusk": ("dusk falls", "evening comes", "the sun sets", "twilight", "sunset", "dusk", "the evening light fades",
             "nightfall nears"),
    "night": ("night falls", "it gets dark", "darkness falls", "it becomes night", "night", "the lights go out", "it is night",
              "the scene darkens", "it grows dark", "at night"),
    "lamp": ("a lamp is lit", "by lamplight", "lamplight", "a single lamp glows", "the lamp is switched on", "only a lamp shines",
             "a pool of lamplight", "candle light", "a lantern glows in the dark"),
    "flicker": ("the light flickers", "flickering light", "the lights flicker", "a flickering bulb", "the light flashes on and off",
                "the light pulses", "the fire flickers"),
    "bright": ("it gets brighter", "bright light", "the light grows bright", "dazzling light", "the scene brightens",
               "harsh bright light", "brilliant light floods in", "glaring light"),
    "warm": ("warm light", "golden light", "the light turns warm", "golden hour", "the light becomes golden",
             "orange light fills the scene", "a warm glow"),
    "cold": ("cold light", "the light turns cold", "blue light", "moonlight", "the light becomes blue", "icy light", "blue hour",
             "a cold blue tint"),
}
WEATHER = {
    "clear": ("the weather clears", "it stops snowing", "the rain stops", "the fog lifts", "the sky clears", "the mist dissolves",
              "the snow stops", "clear weather", "the air clears"),
    "snow": ("snow begins to fall", "it starts to snow", "snow falls", "snowflakes drift down", "it is snowing", "snowfall",
             "heavy snow", "a snowstorm begins", "snow"),
    "rain": ("rain begins to fall", "it starts to rain", "rain falls", "it is raining", "a rain shower", "heavy rain",
             "rain pours down", "drizzle begins", "rain"),
    "fog": ("fog rolls in", "mist rises", "fog covers everything", "it becomes foggy", "a thick fog comes", "haze fills the air",
            "mist drifts in", "the scene disappears in fog", "fog"),
    "wind": ("the wind blows", "a gust of wind", "wind", "it gets windy", "a breeze sways everything",
             "everything sways in the wind", "a strong wind rises", "wind shakes the scene"),
}
WHO = ("a figure", "the figure", "she", "he", "the person", "someone", "the little figure", "the character", "the walker",
       "our hero", "the woman", "the man", "the stranger")
ACTION = {
    "walk left": ("walks to the left", "walks left", "goes left", "strolls to the left", "wanders left", "steps to the left"),
    "walk right": ("walks to the right", "walks right", "goes right", "strolls to the right", "wanders right",
                   "steps to the right"),
    "hop": ("hops", "jumps up and down", "hops on the spot", "jumps", "leaps up", "skips for joy", "bounces"),
    "turn": ("turns around", "turns round", "faces the other way", "looks the other way", "turns about", "spins around"),
    "hide": ("hides", "disappears", "hides out of sight", "goes out of sight", "leaves the scene", "vanishes from view",
             "hides behind"),
    "return": ("returns", "comes back", "reappears", "comes out again", "comes into view again", "is back",
               "steps back into view"),
}
COVERS = ("a tree", "the wall", "a pillar", "the corner", "something", "the column", "it")
THINGS = (
    "harbour", "lighthouse", "garden", "street", "market", "forest", "castle", "bridge", "village", "mountain", "river", "meadow",
    "kitchen", "library", "cat", "dog", "horse", "child", "astronaut", "robot", "dancer", "boat", "ship", "train", "car",
    "bicycle", "house", "tower", "temple", "desert", "island", "beach", "city", "square", "window", "table", "chair", "flower",
    "tree", "bird", "portrait", "face", "statue", "coffee", "cup", "book", "piano", "guitar", "field", "barn", "mill", "church",
    "station", "valley", "lake", "waterfall", "canyon", "cave", "ruins", "rocket", "planet", "balloon", "kite", "tent", "well",
    "fountain", "shop", "room", "hall", "corridor", "teapot", "bowl", "fruit", "painting", "map", "clock", "sailor",
    "fisherman", "baker", "painter", "king", "queen", "fox", "wolf", "rabbit", "owl", "bear", "deer", "whale", "fish", "cloud",
    "rock", "path", "road", "fence", "gate", "door", "roof", "stairs", "wall", "carpet",
)
KINDS = (
    "quiet", "old", "small", "big", "wooden", "stone", "red", "green", "white", "black", "empty", "crowded", "busy", "lonely",
    "ancient", "modern", "pretty", "strange", "famous", "abandoned", "cosy", "grand", "tiny", "giant", "colourful", "grey",
    "yellow", "dusty", "rusty", "shiny", "beautiful", "peaceful", "wild", "hidden", "sleepy", "rich",
)
STYLES = (
    "cinematic", "35mm film", "photorealistic", "a painting", "highly detailed", "film grain", "wide shot", "close portrait",
    "documentary", "oil on canvas", "soft focus", "a photograph", "a scene from a film", "anime style", "beautiful composition",
    "dreamlike", "masterpiece", "shot on location", "a fairy tale", "in the style of an old postcard",
)
PLACES = (
    "by the sea", "in the mountains", "in the city", "at the edge of the forest", "near the river", "in the village",
    "in an old house", "under the bridge", "in a museum", "on the square", "in the countryside", "in space", "on a table",
)
PHRASES: dict[str, tuple[str, ...]] = {
    "camera": ("the camera pans left", "the camera pans right slowly", "the camera tilts up", "the camera tilts down",
               "the camera zooms in", "the camera zooms out", "the camera dollies in", "the camera pulls back", "handheld camera",
               "static shot", "the camera pans left fast, easing in and out"),
    "light": ("dawn breaks", "dusk falls", "night falls", "a lamp is lit", "the light flickers", "bright light", "warm light",
              "cold light", "daylight returns"),
    "weather": ("snow begins to fall", "rain begins to fall", "fog rolls in", "the wind blows", "the weather clears"),
    "figures": ("the figure walks to the left", "the figure walks to the right", "the figure hops", "the figure turns around",
                "the figure hides", "the figure comes back"),
}
"""Typical phrases, which the page offers."""
