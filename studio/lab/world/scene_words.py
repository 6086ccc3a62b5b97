"""Words about scenes, which ask for nothing: people and what they do, things, styles, and words that only look like a wish.

Alternatives stand in brackets, as in `sky_words`. `{who}`, `{thing}`, `{kind}`,
    `{place}` and `{odd}` (a word that does not exist)
stand for words of their kind. Only the reader of words learns from them (`wordings`).
"""

from __future__ import annotations

WHO = (
    "a woman", "a man", "a girl", "a boy", "a child", "an old man", "an old woman", "the sailor", "the king", "a queen",
        "a dancer", "a musician", "the painter", "a soldier", "two friends",
    "a dog", "a cat", "a horse", "a bird", "the crowd", "a group of people", "a cyclist", "the driver", "a nurse", "a farmer",
        "a fisherman", "the teacher", "a monk", "a knight", "a robot",
    "an astronaut", "the bride", "a thief", "the detective", "she", "he", "they", "somebody", "a stranger", "my grandmother",
        "a fox", "an elephant", "a swan", "the butler", "a wizard", "the captain",
    "a boat", "a ship", "a train", "a car", "a bus", "an aeroplane", "a balloon", "a kite", "a leaf", "the ball", "a lorry",
        "a tram", "children", "tourists", "the workers", "a couple", "the wolf",
    "a young violinist", "the hero", "a clown", "a ballerina", "a chef", "the doctor", "a mother", "her father", "the twins",
        "a bear", "an owl", "a butterfly", "a flock of birds", "the dragon",
)
DOES = (
    "sits on {thing}", "reads a book", "drinks coffee", "plays the piano", "talks to {who}", "waits for the train", "laughs",
        "smiles", "sleeps", "eats an apple", "writes a letter", "opens the door",
    "closes the door", "stands by {thing}", "leans against {thing}", "holds {thing}", "carries {thing}", "paints {thing}",
        "sings a song", "counts the money", "rides a bicycle", "rides a horse",
    "cooks soup", "cuts the bread", "builds a house", "mends {thing}", "washes the dishes", "waves to {who}", "kisses {who}",
        "hugs {who}", "looks at {thing}", "looks into the distance", "looks away",
    "thinks about {thing}", "dreams of {thing}", "plays with {thing}", "throws {thing}", "catches {thing}", "lifts {thing}",
        "drops {thing}", "raises a hand", "lowers the head", "nods", "shakes the head",
    "turns around", "hides behind {thing}", "jumps", "dances", "hops", "walks to the left", "walks to the right", "walks left",
        "walks right", "goes to the right", "goes left", "runs to the left", "runs forward", "walks forward",
    "steps back", "comes closer", "comes back", "moves away", "backs away", "walks backwards", "looks up", "looks down",
        "looks left", "looks right", "looks to the right", "glances to the left", "climbs up the ladder", "climbs {thing}",
        "goes up the stairs",
    "goes down the stairs", "falls down", "gets up", "stands up", "sits down", "lies down", "stands still", "holds still",
        "waits", "flies up", "flies over {thing}", "sails to the left", "drives to the right", "drives away", "drives past",
    "approaches {thing}", "leaves {thing}", "enters {thing}", "walks through {thing}", "crosses {thing}", "turns to the left",
        "turns right", "points to the left", "points up", "lifts her right foot", "trembles", "shakes hands with {who}",
    "wears a warm coat", "wears a red hat", "has dark hair", "has bright eyes", "has a cold", "says nothing", "tells a story",
        "repairs the lamp", "buys a lamp", "sells lanterns", "looks out of the window", "opens the window", "closes the window",
        "cleans the windows",
    "winds up the clock", "winds the wool", "unwinds", "is wounded", "bandages the wound", "stares", "listens to music",
        "is here", "has gone", "works in {place}", "lives in {thing}", "grows old", "is happy", "is sad", "is angry",
        "feels lonely",
    "moves in with {who}", "pulls the rope", "pushes the cart", "pushes a pram", "pulls out a chair", "draws the curtains",
        "holds a camera", "takes a photograph", "picks up the phone", "gives up", "shows up late", "wakes up",
        "puts down the cup", "calms down", "slows down", "hurries", "moves slowly", "runs fast", "drives fast",
)
THINGS = (
    "fire", "fireplace", "lamp", "lantern", "candle", "sun", "moon", "window", "windows", "snowman", "cloud", "sky", "light",
        "night watchman",
    "rainbow", "shadow", "horizon", "windmill", "old window", "stained glass window", "windscreen", "winding staircase",
        "left hand",
    "camera", "raincoat", "storm lantern", "foghorn", "sunflower", "day nurse", "eye", "crowd", "keyhole", "dust", "smoke",
        "spider web",
    "harbour", "lighthouse", "garden", "street", "market", "forest", "castle", "bridge", "village", "mountain", "river", "meadow",
        "kitchen", "library", "house", "tower", "temple", "desert", "island", "beach", "city", "square",
    "table", "chair", "flower", "tree", "portrait", "face", "statue", "coffee", "cup", "book", "piano", "guitar", "field", "barn",
        "mill", "church", "station", "valley", "lake", "waterfall", "canyon", "cave", "ruins", "rocket", "planet",
    "balloon", "tent", "well", "fountain", "shop", "room", "hall", "corridor", "teapot", "bowl", "fruit", "painting", "map",
        "clock", "rock", "path", "road", "fence", "gate", "door", "roof", "stairs", "wall", "carpet", "bench", "wagon", "boat",
    "ship", "train", "car", "bicycle", "plane", "tractor", "engine", "wheel", "basket", "bottle", "glass", "plate", "knife",
        "apple", "pear", "orange", "bread", "cheese", "cake", "soup", "letter", "envelope", "newspaper", "poster",
        "picture frame",
    "mirror", "cupboard", "shelf", "drawer", "bed", "sofa", "cushion", "curtain", "chandelier", "violin", "drum", "trumpet",
        "organ", "harp", "microscope", "telescope", "computer", "telephone", "radio", "television", "typewriter", "coin", "crown",
    "sword", "shield", "armour", "hat", "coat", "dress", "shoe", "boot", "glove", "scarf", "necklace", "ring", "watch",
        "umbrella", "bag", "suitcase", "box", "chest", "barrel", "ladder", "rope", "net", "anchor", "sail", "oar", "pier", "dock",
        "crane",
    "factory", "chimney", "warehouse", "office", "school", "hospital", "theatre", "museum", "cinema", "restaurant", "cafe",
        "bakery", "pub", "hotel", "palace", "cottage", "cabin", "hut", "stable", "farm", "vineyard", "orchard", "hill", "cliff",
    "bay", "ocean", "sea", "pond", "stream", "swamp", "glacier", "volcano", "dune", "oasis", "jungle", "palm", "oak", "pine",
        "rose", "tulip", "sunflower", "mushroom", "moss", "stone", "sand", "shell", "feather", "nest", "egg", "cat", "dog",
        "horse",
    "cow", "sheep", "goat", "pig", "hen", "duck", "swan", "crow", "eagle", "owl", "bee", "spider", "whale", "dolphin", "shark",
        "turtle", "snake", "lion", "tiger", "monkey", "panda", "camel", "dinosaur", "dragon", "unicorn", "ghost", "skeleton",
    "stage", "audience", "singer", "orchestra", "altar", "grave", "cemetery", "alley", "courtyard", "balcony", "terrace",
        "staircase", "cellar", "attic", "tunnel", "platform", "crossroads", "signpost", "rooftops", "skyline", "battlefield",
        "ruin", "mask", "doll", "puppet", "chess board",
)
FACES = ("her face", "his face", "her eyes", "his hands", "the face", "the eyes", "her hands", "the man's face", "the portrait",
    "the woman", "the old man", "the child", "the hero", "her", "him", "them")
HIGH = ("the sky", "the sky", "the ceiling", "the clouds", "the stars", "the treetops", "the roof", "the rooftops", "the sun",
    "the moon", "the mountain top", "the peak", "the spire", "the balcony", "the heavens", "the chandelier",
        "the upper floors", "the top", "the summit", "the crown of the tree", "the bell", "the tower", "the dome", "the head",
            "the hilltop", "the gable", "the topmost branch", "the horizon above")
LOW = ("the ground", "the ground", "the floor", "the floor", "the earth", "the feet", "her shoes", "the grass", "the street",
    "the pavement", "the water", "the bottom", "the roots", "the sand", "the carpet", "the foot of the hill", "the road",
       "the base", "the valley", "the cellar", "his boots", "the lower floor", "the doorstep", "the table", "the stones",
           "the sea below", "the dust", "the bottom step", "the mud")
TALL = ("the tower", "the wall", "the trunk", "the facade", "the tree", "the statue", "the building", "the cliff", "the mountain",
    "the stairs", "the mast", "the column", "the waterfall", "the chimney", "the skyscraper", "the dress", "the figure",
    "the front of the house")
KINDS = (
    "quiet", "old", "small", "big", "wooden", "stone", "red", "green", "white", "black", "empty", "crowded", "busy", "lonely",
        "ancient", "modern", "pretty", "strange", "famous", "abandoned", "grand", "tiny", "giant", "colourful", "grey", "yellow",
    "dusty", "rusty", "shiny", "beautiful", "peaceful", "wild", "hidden", "sleepy", "rich", "blue", "golden", "silver", "broken",
        "new", "young", "elegant", "simple", "heavy", "round", "square", "narrow", "wide", "long", "tall", "low", "high", "deep",
    "steep", "soft", "hard", "wet", "dry", "clean", "dirty", "rough", "smooth", "sharp", "sweet", "bitter", "fresh", "rotten",
        "happy", "sad", "angry", "tired", "proud", "shy", "brave", "clever", "funny", "serious", "noisy", "silent", "left",
        "right",
    "upper", "lower", "warm", "cold", "bright", "dark", "snow-white", "handmade", "far-off", "nearby", "distant", "close",
        "steady", "fast", "slow", "quick", "second-hand", "open", "closed", "half-open", "flat", "curved", "winding",
        "windowless", "weathered",
)
STYLES = (
    "cinematic", "35mm film", "photorealistic", "a painting", "highly detailed", "film grain", "wide shot", "close portrait",
        "oil on canvas", "soft focus", "a photograph", "a scene from a film", "anime style", "beautiful composition", "dreamlike",
        "masterpiece",
    "shot on location", "a fairy tale", "in the style of an old postcard", "best quality", "8k", "4k", "ultra detailed",
        "trending", "concept art", "watercolour", "watercolor", "pencil sketch", "charcoal drawing", "ink drawing",
        "black and white", "sepia", "noir", "vintage",
    "shallow depth of field", "bokeh", "50mm lens", "wide-angle lens", "macro", "close-up", "medium shot", "long shot",
        "establishing shot", "low angle", "high angle", "eye level", "golden ratio", "rule of thirds", "unreal engine",
        "octane render", "studio photo", "award-winning photo",
    "epic", "moody", "realistic", "surreal", "minimalist", "baroque", "art deco", "steampunk", "cyberpunk", "fantasy",
        "science fiction", "horror", "romantic", "a comic", "pixel art", "3d render", "sharp focus", "intricate", "anamorphic",
        "kodachrome", "polaroid", "portrait", "landscape",
    "still life", "an engraving", "a mosaic", "stained glass", "a fresco", "high resolution", "raw photo", "hyperrealistic",
        "no text", "no watermark", "16:9", "album cover", "a poster",
)
PLACES = (
    "by the sea", "in the mountains", "in the city", "at the edge of the forest", "near the river", "in the village",
        "in an old house", "under the bridge", "in a museum", "on the square", "in the countryside", "in space", "on a table",
        "in the garden", "on the left", "on the right",
    "in the background", "in the foreground", "in the middle", "in front of the house", "behind the church", "on the hill",
        "at the window", "by the window", "in a small town", "in Paris", "in Venice", "in Japan", "in the desert", "on the beach",
        "at the market", "on the roof", "upstairs", "downstairs",
    "in the kitchen", "in the corner", "far away", "close by", "on the other side", "to the left of the door",
        "to the right of the tree", "at the top of the hill", "at the bottom of the page", "down by the river",
        "up in the mountains", "out in the fields", "on the way home", "in the back", "inside", "outside", "next to the lamp",
        "under the lamp",
)
SCENES = (
    "{who} {does}", "{who} {does}", "{who} {does}", "{who} {does} {place}", "{who} {does} and {does}", "{who} and {who}",
        "{a} {kind} {thing}", "{a} {kind} {thing}", "{a} {kind} {thing} {place}", "{a} {kind}, {kind} {thing}",
        "{a} {thing} {place}", "{a} {thing} with {a} {kind} {thing}", "{a} {thing} and {a} {thing}", "{a} {thing} of {thing}",
    "(photo|picture|painting|drawing|portrait|image|sketch|illustration|etching|poster) of {a} {kind} {thing}",
        "(photo|picture|painting|portrait|drawing) of {who}", "{style}", "{style}, {style}", "{style}, {style}, {style}",
        "{a} {kind} {thing}, {style}", "{who}, {style}", "the {thing} is {kind}",
        "the {thing} (stands|lies|hangs|is|rests) {place}", "{thing}",
    "there is {a} {thing} {place}", "we see {a} {kind} {thing}", "(a|the) {thing} full of {thing}", "the story of {who}",
        "(once upon a time|in the year 1900|on Sunday|yesterday|every year|long ago) {who} {does}", "{who} {place}",
        "it is {a} {kind} {thing}", "nobody is {place}", "the {thing}s are {kind}", "{who} {does} while {who} {does}",
)
"""Frames of sentences about a scene."""
LOOKALIKES = (
    "(a|the|an open|a broken|a large|a small|a stained glass|a shop|a round|a church|an empty|a lit|"
        "a barred) window( of {a} {thing}| {place}|)",
        "(the|many|tall|broken|dusty|bright|dark|the {thing}'s) windows( of the {thing}| of {a} {kind} {thing}|)",
        "(a|the|an old|a dusty|the broken) (windowsill|windowpane|window seat|window frame|window box|"
        "window shutter)( with {a} {thing}|)", "(a|the) (winding|twisting) (road|path|staircase|river|lane|stair|street|track|"
        "corridor|trail|alley)( of {thing}| through the {thing}| {place}| to the {thing}|)",
    "(a|an old|the|a Dutch|a wooden|a white) (windmill|wind turbine|windlass|windsock|windscreen|windshield|windbreaker|window|"
        "windpipe|windcheater|windsurfer|wind chime|wind instrument|weathervane|windjammer)( {place}| is {kind}|)", "the (road|"
        "path|river|stair|lane|trail|stream|track|staircase|alley) winds (through|along|up|around|down|past|between) the {thing}",
        "(a|the|an old|her|his|a deep) wound( {place}| on the {thing}| that heals|)",
        "(the wounded|a wounded) (soldier|man|bird|horse|wolf|knight)",
    "{who} (winds|wound|unwinds|is winding) (up |)(the|a|an old) (clock|watch|wool|rope|film|thread|toy|bandage|cable|spool|"
        "scarf|music box|bobbin)",
        "(Windsor|Winden|Windhoek|Windermere|Window Rock|Winding Lane|Baldwin|Edwin|Godwin|Darwin)( {place}| by {who}| {thing}|)",
        "(a|the) (windfall|wind band|second wind|wine|wing|winner|twin|windy|widow|winch|wink|winter coat|wig) of {who}",
        "(snow-capped|snow-covered|snowy) (mountains|peaks|roofs|hills|village|forest|landscape|trees)",
        "(Snow White|a snowman|a snow globe|a snowboard|a snowshoe|a snow leopard|snowdrops|an igloo) {place}",
    "(a|the) (rainbow|raincoat|rain barrel|brain|grain|drain|rainforest|umbrella|terrain|refrain|restrained|sprain|"
        "puddle) {place}", "(a|the) (foghorn|frog|fogged mirror|foggy memory|mystery|mistake|mistress|mist green) {thing}",
        "(a|the) (nightingale|knight|nightgown|night train|nightcap|night watchman|fortnight|night owl|evening dress|"
        "night table|night porter)( {place}| {does}|)", "(a|the) (lamp|lantern|candle|lamp post|lampshade|candlestick|"
        "street lamp|chandelier) (stands|hangs|lies|is) (on|in|under|beside|above) the {thing}",
        "(a|the) (brass|rusty|paper|broken|green|pretty) (lamp|lantern|candlestick|lampshade|lamp post)",
    "(a|the) (sundial|sunflower|sun hat|Sunday|sundress|sunglasses|sunscreen|sunken ship|sun-dried tomato|sunbed) {place}",
        "(a|the) (daisy|diary|birthday|holiday|Monday|Friday|day trip|dayroom|daydream|yesterday) of {who}", "(a|the) (bright|"
        "dark|warm|cold|pale) (red|blue|green|idea|hair|eyes|wood|coat|bread|soup|smile|shirt|beer|water|horse|beard|skin|wool|"
        "bath|drink|chocolate|welcome|heart|stone|sea|jacket)", "(a|the|his|her) (left|right) (hand|eye|arm|foot|answer|glove|"
        "wing|bank|side of the bed|leg|ear|wheel|tool for the job|angle|honourable {who})( is {kind}| hurts| of the {thing}|)",
    "(all right|that's right|you are right|right now|right away then|nothing is left|the only one left|"
        "what is left of the {thing}|left over bread|left behind|left-handed {who}|right of way|human rights|leftovers|"
        "a copyright notice|a bright idea|on the left side of the {thing} stands {a} {thing})",
        "(the|an) (upper|lower|top|bottom|ground|first) (floor|deck|drawer|window|lip|row|half|class|step|part of the {thing})",
        "(a|the) (update|cup|supper|upstairs neighbour|uptown girl|upright piano|upset {who}|group|puppy|downtown street|"
        "down jacket|down pillow|sundown bar|eiderdown|countdown|upside-down cake|downhill racer)",
    "(a|the) (zoo|zoom lens|zoology book|Zoom call|panda|pancake|frying pan|pan of soup|pan flute|Peter Pan|panorama card|panel|"
        "pantry|company|expanse|Japan|dolly|doll|Dolly the sheep|rag doll|tilted hat|tilt of the head|quilt|track suit|"
        "race track|railway track|truck|fire truck|soundtrack|crane at the lake|two cranes)( {place}|)", "(a|the) (push chair|"
        "pullover|pull tab|push button|drawbridge|backyard|backpack|background|backdrop|feedback|setback|hunchback|paperback|"
        "horseback rider|outback|outfit|outside wall|inn|inside pocket|insect|closet|enclosure|close friend|close relative|"
        "forward|forward-thinking {who}|straightforward talk)",
    "(a|the) (hand-made|handwritten|second-hand|hand-carved|hand-painted|handy|hand-knitted) (chair|letter|table|box|doll|book|"
        "plate)", "(a|the) (shaker|milkshake|shakespeare play|handshake|earthquake museum|steady job|steady boyfriend|"
        "static electricity|statue|station|still life|distillery|still water|installation|hold-all|stronghold|household|"
        "threshold|stay-at-home {who}|restaurant|rest of the {thing}|fixed price|locked door|lock of hair|frozen pizza|"
        "camera shop|old camera on a shelf|camera collection|cameraman at lunch)",
        "{who} (holds|carries|repairs|sells|buys) (a|an old|the) camera",
    "(a|the) (clear|clever) (glass|answer|soup|voice|lake|mind|bottle)", "(a|the) (light|light-hearted|lightweight|light blue|"
        "delightful|enlightened|highlighted) (coat|dress|song|{thing}|wooden box|meal|jacket|bicycle)",
        "(a|the) (cool|warm-hearted|cold-blooded|cool-headed|warm-blooded) (jacket|guy|{who}|animal|friend|drink)",
        "(a|the) (fast food|fast car|slow cooker|fasting monk|breakfast|breakfast table|slow train|quick meal|quicksand|"
        "speedboat|speed limit|racing car|smooth stone|smooth jazz|soft drink|ease|easel|Easter egg|disease|please|grease|"
        "gentle {who}|gentleman)",
    "(high|low|deep|far|near|close|up|down|in|out|back|on|off|over|under) and (dry|low|wide|away|cheap|down|out|forth|"
        "well) says {who}",
        "(it is|this is|that was|what|who|why|how|where|when) (is|was|a|the|about|about the) {thing}( of {who}|)",
        "(once|thanks|sorry|hello|goodbye|yes|no|maybe|ok|well|hm|please|never mind|good morning|good evening|good night|test|"
        "nothing|whatever|more|again|stop it|wait|later)( {who}|)",
        "(buy|bring|get|sell|eat|call|ask|read|write|learn|count|remember|forget|sign) {a} {thing}( and {a} {thing}|)",
    "the (meeting|government|budget|board|council|market|company|army|team|weather report|forecast|newspaper) (says|decides|"
        "ends|approves {a} {thing}|talks about {thing}|is {kind}|agrees)",
        "(veni vidi vici|carpe diem|quod erat demonstrandum|et cetera|ad hoc|in vino veritas)( {odd}| {odd} {odd}|)",
        "(das|der|ein|eine|und) {odd} (ist|geht|kommt|bewegt sich|und|nach|fährt|zoomt|links|rechts) {odd}( langsam| nach oben|"
        " nach unten| nach links| nach rechts|)", "(la|le|el|los|une|una|il|les) (camera|cámara|caméra|caméra|nuit|lluvia|pluie|"
        "noche|{odd}) (se|va|es|est|tombe|mueve|gira|vers|a|à|de|{odd}) (la|le) (izquierda|derecha|gauche|droite|{odd}|haut|bas)",
)
"""Phrases with a word that looks like a wish, or with no meaning for a film at all: none of them asks for anything."""
NATURE = (
    "(white|dark|heavy|a few|some|small|thin|storm|pink|the) clouds (drift|pass|gather|float|hang|sail|tower|"
    "pile up)( over the {thing}| in the sky| past|)",
    "(a|the) (cloudy|overcast|grey|wide|big|pale|summer|winter) sky( over the {thing}|)",
    "(waves|breakers) (crash|roll|break|lap|foam) (on the shore|on the beach|against the rocks|in)",
    "(the|a) (river|stream|brook|waterfall|fountain|canal) (flows|murmurs|runs|gurgles|splashes|roars|glitters)( past the {thing}|"
    " through the {thing}| down the valley| {place}|)",
    "(smoke|steam|dust|vapour) (rises|curls|drifts|hangs|billows|pours) (from the {thing}|out of the chimney|over the {thing}|up|"
    "into the air)",
    "(thunder|a distant rumble|a church bell|music|laughter|a foghorn|an echo) (rolls|sounds|is heard|fades)( in the distance|"
    " over the {thing}|)",
    "(ice|frost|dew|moss|a puddle|puddles|mud|dry leaves|gravel) (lies|covers|on|gleams on|on all of) (the lake|the window|"
    "the {thing}|the road|the grass)",
    "(a|the) (calm|wild|deep|blue|frozen|wide|still|endless) (sea|ocean|lake|river|pond|bay)( {place}|)",
    "(the|a) (wet|icy|dusty|muddy|dry|sandy) (street|road|path|pavement|field|{thing})( {place}|)",
    "(a|the) (hot|long|quiet|lazy) (summer|winter|autumn|spring|sunday|holiday|week|year)( {place}| with {who}|)",
    "heat (shimmers|flickers in the air|lies) over the (road|desert|fields)",
    "(the|) (earth|soil|stone|bread|meadow|sea) (smells|tastes|feels) of ({thing}|salt|summer|iron)",
    "(a|the) (mossy|shady|green|thorny|tall|old) (forest|wood|clearing|hedge|oak|path|glade|grove)( with ferns| {place}|)",
    "(studio lighting|rim light|backlit|soft light|soft lighting|dramatic lighting|volumetric light|god rays|neon lights|"
    "Rembrandt lighting|chiaroscuro|side light|diffuse light|light and shadow|silhouette|"
    "hard shadows|three-point lighting|ambient occlusion|global illumination|ray tracing|softbox|"
    "key light and fill light)(, {style}| on {face}|)",
    "(extreme |)(close-up|close up|wide shot|medium shot|detail|macro shot|full shot|two-shot|portrait|profile|aerial view|"
    "bird's eye view|top view|view from above|view from below|worm's-eye view|reverse shot|over-the-shoulder shot|"
    "dutch angle) of (the {thing}|{who}|{face}|a {kind} {thing})",
)
"""Nature, light and shots that are only described."""
SYLLABLES = ("ba", "be", "bi", "blo", "bra", "ca", "co", "cru", "da", "de", "dor", "dra", "el", "en", "er", "fa", "fi", "fla",
    "fru", "ga", "glo", "gre", "ha", "hi", "ib", "in", "is", "jo", "ka", "ke", "kla", "la", "le", "lim", "lo", "ma", "mi", "mo",
    "na", "nel", "no", "ob", "on", "or",
             "pa", "pe", "pli", "pra", "qua", "qui", "ra", "re", "ri", "ro", "sa", "schi", "se", "sna", "so", "sti", "stra", "ta",
                 "te", "ti", "tor", "tri", "tu", "ul", "um", "un", "va", "ve", "vi", "vo", "wa", "wi", "wo", "xa", "xy", "ya",
                 "za", "ze", "zu", "der", "ing", "ed", "tion", "ly", "ness", "ment", "th", "sk", "ck")
