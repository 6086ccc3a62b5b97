"""A thesaurus of light and weather, and of a camera that holds still or shakes, for captions much broader than `phrases`.

A phrase may hold alternatives in brackets,
    as in "the sun (sets|goes down)"; one of each is drawn. `{thing}` stands for something in
the scene. Only the reader of words learns from it (`wordings`); the film model's own captions do not change.
"""

from __future__ import annotations

SETS = {
    "come": "(comes|begins|arrives|falls|settles|draws in|sets in|approaches|spreads|comes over the {thing}|"
        "descends on the {thing}|is coming|is here|creeps in|deepens|takes over)",
    "begin": "(begins|begins to fall|starts|starts to fall|starts falling|begins falling|falls|is falling|falls on the {thing}|"
        "falls over the {thing}|comes down|sets in|comes|arrives|passes over the {thing}|falls softly|falls heavily|"
        "fills the air|falls everywhere|pours down|keeps falling)",
    "cease": "(stops|ends|clears|is over|goes away|fades away|passes|lets up|ceases|is gone|vanishes|disappears|dies down|"
        "subsides|stops falling|comes to an end|has stopped|eases off|moves on|finishes|blows over|fades)",
    "make": "(make it|let it be|turn it|let it become|make the scene|make everything|make the light|render it|it should be|"
        "it should become|i want it)",
    "grow": "(it|it|it|the scene|everything|the picture|the {thing}|the world|the light) (gets|grows|becomes|turns|is getting|"
        "is growing|slowly gets|goes|is)",
    "glow": "(light|light|light|glow|tones|tint|colours|colors|lighting|hues|hue|shade|palette|colour|sheen|cast|mood lighting|"
        "illumination|color temperature|colour temperature|colour grading|sunlight|shimmer)",
    "lit": "(is lit|is switched on|is turned on|lights up|glows|shines|goes on|comes on|burns|is lit in the dark|"
        "glows in the dark|glows in the darkness|is on|flares up|is kindled|is the only light|lights the {thing}|"
        "shines on the {thing}|casts its light|illuminates the {thing})",
    "wane": "(flickers|flicker|flashes on and off|blinks|pulses|stutters|sputters|wavers|goes on and off|keeps going on and off|"
        "flutters|trembles|twinkles|throbs|strobes|jumps|is unsteady|keeps flickering|flickers wildly|begins to flicker|"
        "starts flickering|is flickering|cuts in and out)",
    "steady": "(static|still|fixed|locked|locked-off|stationary|motionless|unmoving|steady|immobile|tripod|frozen|locked-down|"
        "rock-solid|completely still|perfectly still|quiet|resting|stable|unmoved|calm static)",
    "nervous": "(handheld|hand-held|hand held|shaky|wobbly|jittery|jerky|unsteady|trembling|nervous|restless|bumpy|shaking|"
        "swaying|quivering|jumpy|rough handheld|slightly shaky|shaky handheld|wobbling|slightly unsteady|raw handheld|"
        "natural handheld)",
    "snowfall": "(snow|snow|snow|heavy snow|light snow|snowfall|a snowfall|wet snow|thick snow|soft snow|fine snow|fresh snow|"
        "a snow shower|a snowstorm|a blizzard|a snow flurry|snow flurries)",
    "rainfall": "(rain|rain|rain|heavy rain|light rain|a light rain|a heavy rain|drizzle|a drizzle|a downpour|a rain shower|"
        "a shower|a fine rain|summer rain|warm rain|pouring rain|steady rain|a cloudburst|a rainstorm|a thunderstorm)",
}
"""Alternatives that many phrases share, by the name that stands for them in braces."""
LIGHT: dict[str, tuple[str, ...]] = {
    "day": ("it (becomes|is|turns|gets) (day|day again|daytime|daylight|full day|midday|noon|light again|broad day)",
        "daylight (returns|comes|comes back|is back|again)",
        "(plain|broad|ordinary|normal|full|usual|natural|neutral|clear|even|white|common|regular) daylight",
            "(noon|midday|high noon|day|daytime|daylight)",
                "(normal|neutral|ordinary|natural|usual|regular|standard|plain|everyday) (light|lighting)( again|)",
                "the light (is|becomes|turns|goes back to) (normal|neutral|ordinary|natural)( again|)", "(back to|return to|"
                "go back to|bring back|restore) (day|daylight|normal light|ordinary light|the day|natural light|the usual light|"
                "neutral light|daytime)",
            "{make} (day|daytime|daylight|day again|noon|midday)", "(turn|change|make) (the night|night) (into|to) day",
                "(night|the night) (turns into|turns to|becomes|gives way to) day",
                "the day (comes back|returns|is back|is bright and normal)",
                "the (usual|normal|ordinary|natural) (light|daylight|colours) (returns|comes back|is back|return)",
            "in (plain|broad|full|normal|ordinary) daylight", "(at|around) (noon|midday)", "by day", "during the day",
                "the (ordinary|normal|plain) light of (day|noon|midday)",
                "(undo|remove|drop) the (light effect|coloured light|tint|darkness)", "from night (to|into) day",
                "day (breaks through|has come|replaces night)", "the full light of day"),
    "dawn": ("(dawn|daybreak|sunrise|morning|the morning|the dawn|a new day|first light|the new day|the day|"
        "early morning) {come}", "(dawn|morning|day|the day|the morning) (breaks|is breaking|dawns)",
        "the (sun|morning sun) (rises|comes up|is rising|climbs over the {thing}|appears over the {thing}|"
        "peeks over the {thing}|peeks out|rises behind the {thing}|rises over the {thing}|is coming up|emerges|slowly rises|"
        "climbs|lifts itself above the {thing})",
             "(sunrise|dawn|daybreak|early morning|first light|morning light|sunup|the break of day|crack of dawn|"
                 "the morning light comes|morning twilight|the early hours)",
                 "(at|before|by|in the) (dawn|sunrise|daybreak|first light|early morning|morning light|early hours)",
                 "{make} (dawn|morning|sunrise|early morning|like early morning)",
             "(the|a) (first|early|pale|soft|pink|rosy) (light|rays|sunlight|glow) of (the|) (morning|dawn|day|sun|sunrise)",
                 "night (ends|gives way to dawn|turns to dawn|turns into morning|gives way to morning)",
                 "(pink|rosy|pale|early) (dawn|morning) light",
                 "(it|the sky) (dawns|is dawning|becomes morning|is morning|turns to dawn|grows rosy)",
                 "the sky (lightens|pales|reddens) in the east", "the (village|city|town|{thing}) wakes in the morning light",
                 "a new morning", "the (dawn|morning) light"),
    "dusk": ("(dusk|evening|twilight|the evening|sunset|nightfall nears|the dusk|sundown|the twilight|late evening) {come}",
        "the (sun|evening sun) (sets|goes down|is going down|sinks|is setting|dips below the horizon|"
        "disappears behind the {thing}|drops behind the {thing}|sinks into the sea|sinks below the horizon|slips away|"
        "sinks behind the {thing}|slowly sets|vanishes|leaves)",
             "(sunset|dusk|twilight|evening|sundown|nightfall nears|evening light|the gloaming|gloaming|late evening|eventide)",
                 "(at|before|by|in the|towards) (dusk|sunset|twilight|sundown|evening|evening light|last light)",
                 "{make} (dusk|evening|sunset|twilight|like evening)",
                 "it (becomes|is|turns to|turns into) (evening|dusk|twilight|late|sunset)",
             "the (day|afternoon) (ends|is ending|draws to a close|fades|fades away|is over|comes to an end|wanes|dies)",
                 "(daylight|the daylight|the light of day|the evening light|the last light|the light) (fades|wanes|dies away|"
                 "is fading|slowly fades|dims|dies|ebbs)",
                 "(the|a) (last|late|evening|red|dying) (light|rays|glow|sunlight) of (the|) (day|evening|sun|sunset)",
                 "(the|a) sunset( sky| glow| light| mood| over the {thing}|)", "evening (light|mood|glow|sky|sun)",
                 "(night|darkness) (is near|is approaching|is about to fall)", "day (fades|turns) into evening",
                 "the sky (reddens|glows red|turns red) in the west"),
    "night": ("(night|the night|darkness|nightfall|midnight|the darkness|a dark night|a starry night|deep night|a moonlit night|"
        "complete darkness|pitch-black night|the dark) {come}", "(night|midnight|nightfall|nighttime|night-time|late at night|"
        "at night|by night|in the dead of night|night scene|darkness|in the dark|in darkness|in the middle of the night|"
        "under the stars|a starry sky|day for night|in the night)",
              "{grow} (dark|dark|darker|pitch-black|black|very dark|quite dark|gloomy|nocturnal|night|darker and darker|"
                  "pitch dark|dim)", "{make} (night|dark|nighttime|night-time|midnight|darker|a night|a dark night|"
                  "a starry night|nocturnal|look like night|pitch-black)", "(turn|change|make|transform) (the day|day|it|"
                  "the scene|the picture|everything) (into|to) (night|a night scene|darkness|night-time)",
                  "(day|the day) (turns|changes|fades|gives way|passes) (to|into) night",
              "it (is|becomes|turns) (night|midnight|night-time|late at night|nighttime|a moonlit night|the middle of the night)",
                  "(the|all the|all) lights (go out|go off|are switched off|are turned off|are put out)",
                  "(switch|turn) (off|out) (the|all the|all) (light|lights)", "(the|a) (scene|world|town|street|{thing}|room|"
                  "picture|sky) (darkens|goes dark|turns dark|sinks into darkness|falls dark|is plunged into darkness|"
                  "goes black|lies in the dark|becomes dark)",
                  "the (stars|moon) (come out|rises|comes out|appear|appears|rise over the {thing}|shine in the dark)",
                  "the sky (turns|goes|grows|becomes) (black|dark)", "the {thing} at night",
                  "(the|a) (night sky|moonlit night|starry night|dark night)", "(less|much less|take away the|reduce the) light",
                  "(darken|dim|black out) (the scene|the picture|everything|it|the light|the image)"),
    "lamp": ("(a|the|one|a single|an old|some|a small|only a|only one|somebody's|the desk|a table|an oil|the oil|a street|"
        "a bedside|the) (lamp|lamp|lamp|lantern|candle|oil lamp|light bulb|bulb|torch|street lamp|lampion|table lamp|desk lamp|"
        "floor lamp|gas lamp) {lit}", "(somebody|someone|she|he|the old man|a woman|we|a hand|the girl|a man|the child|a boy|"
        "the keeper) (switches on|turns on|lights|puts on|ignites) (a|the|his|her|an old) (lamp|lantern|candle|oil lamp|"
        "light bulb|torch|desk lamp|table lamp|bulb)",
             "(switch on|turn on|light|put on|ignite|add) (a|the|one|an old) (lamp|lantern|candle|oil lamp|bulb|torch|desk lamp|"
                 "table lamp|light bulb)", "(by|in|in the|under|only|with|soft|warm|dim|just) (lamplight|candlelight|"
                 "lantern light|lamp light|candle light)", "(lamplight|candlelight|candle light|lamp light|lantern light|lamp)",
                 "(a|the|one|only a) (pool|circle|cone|island|spot) of (lamplight|light|lamp light|lantern light|"
                 "warm light in the dark|light in the dark|candlelight)",
             "(lit|illuminated|lighted) (only |)by (a|one|the|a single) (lamp|lantern|candle|bulb|desk lamp|oil lamp|"
                 "street lamp|torch)",
                 "(only|just) (a|one|the) (lamp|lantern|candle|bulb) (shines|glows|burns|gives light|is lit)", "(the|only the|"
                 "a soft) (glow|light|shine) of (a|the|one|an old) (lamp|lantern|candle|bulb|oil lamp)( in the (dark|middle|"
                 "room|night)|)", "the lamp is (switched|turned) on", "(lamp|lantern) on",
                 "(a|the) light is switched on in the dark room", "a (spotlight|spot) (on|in) the (middle|{thing}|centre)"),
    "flicker": ("(the|a) (light|light|lights|lamp|bulb|candle|fire|neon sign|lighting|brightness|lamps|fluorescent tube|picture|"
        "screen|torch|flame|candlelight|firelight|electric light|street light) {wane}", "(flickering|pulsing|strobing|unsteady|"
        "wavering|blinking|stuttering|flashing|twitching|pulsating|flickery|nervous) (light|light|lights|candlelight|firelight|"
        "lamp|bulb|candle|neon|lighting|lamps|torchlight|flames|glow|fire|illumination)( as from a fire| like an old film|"
        " as in an old film| of a fire|)",
                "lights? (flicker|flickering|blinking|flashing)",
                    "(flicker|flickering|strobe|strobe light|light flicker|flicker effect)",
                    "(as if|like) the (power|electricity) (is|were) (failing|about to fail|going out)",
                    "(like|as in) an old (film|movie|projector)(, flickering|, the light flickers)",
                    "the (light|lights|lamp|bulb) (flicker|go on and off|flash|blink)",
                    "(make|let) the (light|lights|lamp) (flicker|blink|pulse|flash)",
                    "(by|in) (the|) (flickering|dancing) (fire|firelight|light|candlelight|flames)", "lightning flashes",
                    "the fire (dances|throws dancing light|flickers)", "on and off goes the light",
                    "a (loose|faulty|failing|broken) (contact|lamp|bulb|tube) (flickers|stutters|blinks)"),
    "bright": ("{grow} (brighter|bright|very bright|brighter and brighter|dazzling|dazzlingly bright|radiant|glaring|brilliant|"
        "much brighter|overexposed|luminous|really bright)",
        "{make} (brighter|bright|very bright|lighter|much brighter|dazzling|radiant|a bit brighter|glaring)", "(bright|dazzling|"
        "brilliant|glaring|harsh|blinding|strong|intense|radiant|bright white|very bright|harsh bright|shining|fierce) (light|"
        "light|lighting|sunlight|sunshine|brightness|glare|illumination|rays)",
               "(more|much more|add|add more|give us more|we need more|let there be|a lot of|plenty of|"
                   "let in more) light( please|)", "(turn up|raise|increase|boost|crank up|push|bring up) the (light|lights|"
                   "brightness|exposure|lighting|luminosity)", "turn the (light|lights|brightness|exposure) up", "(brighten|"
                   "lighten|light up|illuminate|brighten up) (the scene|the picture|everything|the {thing}|it|the image|up)",
                   "the (scene|picture|room|{thing}|image|street) (brightens|lights up|brightens up|is flooded with light|"
                   "is bathed in bright light|fills with light|fills with bright light|shines|is flooded by sunshine|"
                   "is drenched in light)",
               "(brilliant|bright|dazzling|white|blinding|glaring|strong) (light|sunlight|sunshine) (floods in|"
                   "floods the {thing}|fills the {thing}|pours in|bursts in|streams in|fills everything|shines on the {thing}|"
                   "breaks in)", "the light (grows|becomes|gets|turns) (bright|brighter|dazzling|stronger|intense|blinding)",
                   "(a|the) (flood|burst|blaze|wave|flash|sea) of (light|bright light|brightness|sunlight)",
                   "(overexposed|brightness|high key|high-key lighting|sunny|bright)",
                   "the sun (shines brightly|blazes|shines bright)"),
    "warm": ("(warm|warm|warm|golden|golden|amber|orange|honey-coloured|cosy|cosy warm|warm golden|warm orange|reddish warm|"
        "fiery|sun-warmed|soft warm|warm yellow|yellowish|candle-warm|summery|toasty|copper|warmer) {glow}( fills the {thing}|"
        " on the {thing}| floods the {thing}| everywhere| spreads over the {thing}|)", "the {glow} (turns|becomes|gets|goes|"
        "grows|becomes more|is) (warm|golden|warmer|amber|orange|honey-coloured|cosy|more golden|yellowish)",
             "(golden|golden|magic) hour( light| glow|)",
                 "{make} (warm|warmer|golden|cosy|cosier|more golden|more orange|amber)( in colour| in tone|)",
                 "(warm up|warm|make warmer) the (light|colours|colors|tones|scene|picture|image|colour temperature)",
                 "a (warm|golden|cosy|cosy, warm|warm, golden|soft golden|warm amber|mellow|gentle warm|honeyed) {glow}",
                 "make the (light|colours|colors|tones|picture|scene) (warm|warmer|golden|more golden)", "(everything|"
                 "the {thing}|the scene|the picture) (is bathed|is dipped|glows|is steeped|lies) in (gold|golden light|"
                 "warm light|amber|warm tones|amber light|orange light)", "(warmth|warm|warmer|golden)",
                 "(orange|golden|amber|warm) (light|glow) fills the scene", "in (warm|golden|amber) (light|tones|colours)"),
    "cold": ("(cold|cold|cold|cool|blue|bluish|icy|steely|chilly|frosty|wintry|pale blue|ice-blue|steel-blue|cold blue|"
        "cold, blue|cool blue|glacial|clinical cold|colder|cooler|arctic|cold white|cyan) {glow}( fills the {thing}|"
        " on the {thing}| floods the {thing}| everywhere| spreads over the {thing}| comes over the {thing}|)",
        "the {glow} (turns|becomes|gets|goes|grows|becomes more|is) (cold|cool|blue|bluish|colder|cooler|icy|chilly|steely)",
             "(moonlight|moon light|blue hour|pale moonlight)",
                 "{make} (cold|cooler|colder|blue|bluish|icy|cool|more blue|chilly|bluer)( in colour| in tone| in color|)",
                 "(cool down|cool|make cooler|make colder) the (light|colours|colors|tones|scene|picture|image|"
                 "colour temperature)",
                 "a (cold|cool|blue|cold blue|bluish|icy|cold, bluish|chilly|steely|pale blue|chilling) {glow}",
                 "make the (light|colours|colors|tones|picture|scene) (cold|colder|cooler|blue|bluer|bluish)", "(everything|"
                 "the {thing}|the scene|the picture) (is bathed|is dipped|lies|is steeped) in (blue|blue light|cold light|"
                 "moonlight|cold tones|cold blue light)", "(cool|cold|blue) (tones|tint|hues|light|colours)",
                 "in (cold|cool|blue|bluish) (light|tones|colours)"),
}
"""Phrases that ask for each light."""
WEATHER: dict[str, tuple[str, ...]] = {
    "snow": ("{snowfall} {begin}", "{snowfall}", "it (snows|is snowing|begins to snow|starts to snow|starts snowing|"
        "begins snowing|snows heavily|snows softly|snows hard|keeps snowing|will snow|snows a little|snows a lot|"
        "should snow)( heavily| gently| on the {thing}| over the {thing}|)", "(let it snow|make it snow|snowing|add snow|"
        "add snowfall|snow, please|with falling snow|falling snow|snowflakes|snowy weather|with snow falling|"
        "in the falling snow|in heavy snow|in a snowstorm|in driving snow|in a blizzard|winter storm with snow|"
        "snow everywhere in the air)",
             "(snowflakes|flakes|big flakes|white flakes|thick flakes|flakes of snow|a few snowflakes|large snowflakes|"
                 "the first snowflakes|flurries of snow) (drift down|fall|dance|swirl|float down|come down|tumble|whirl|"
                 "whirl through the air|drift through the air|dance in the air|fill the air|settle on the {thing}|descend|"
                 "sail down|begin to fall|swirl around)", "(a|the) (snowstorm|blizzard|snow flurry|snow shower|flurry) (begins|"
                 "sets in|rages|comes|starts|arrives|whirls|sweeps over the {thing}|hits the {thing}|blows in)",
                 "(flurries|flurry|blizzard|snowstorm|snowfall)"),
    "rain": ("{rainfall} {begin}", "{rainfall}", "it (rains|is raining|begins to rain|starts to rain|starts raining|"
        "begins raining|rains heavily|rains softly|rains hard|keeps raining|pours|is pouring|pours with rain|starts to pour|"
        "drizzles|begins to drizzle|is drizzling|rains cats and dogs|rains a little|should rain|buckets down)( heavily| gently|"
        " on the {thing}| over the {thing}|)", "(let it rain|make it rain|raining|add rain|rain, please|with falling rain|"
        "falling rain|raindrops|rainy weather|with rain falling|in the rain|in heavy rain|in pouring rain|in the pouring rain|"
        "wet weather|a rainy day|rainy|rainy weather begins)",
             "(raindrops|drops|big drops|drops of rain|a few raindrops|heavy drops|the first drops|"
                 "raindrops and more raindrops) (fall|patter down|come down|patter on the {thing}|splash on the {thing}|"
                 "drum on the {thing}|begin to fall|hit the {thing}|run down the {thing}|fall from the sky|drip down)",
                 "(rain|the rain|heavy rain) (patters|drums|beats|lashes|pours|streams|splashes|hammers|sweeps|runs) (down|"
                 "down on the {thing}|on the {thing}|over the {thing}|against the {thing})", "(a|the) (shower|downpour|"
                 "thunderstorm|cloudburst|rain shower|rainstorm) (begins|sets in|comes|starts|passes|arrives|comes down|breaks|"
                 "drenches the {thing}|breaks loose|sweeps over the {thing})", "(downpour|shower|drizzle|cloudburst|rainfall)",
                 "the (skies|clouds|heavens) (open|burst)"),
    "fog": ("(fog|fog|mist|a fog|thick fog|a thick fog|dense fog|the fog|the mist|haze|a haze|white mist|a thin mist|"
        "morning mist|sea fog|a wall of fog|a veil of mist|clouds of mist|grey fog|heavy fog|low fog|a bank of fog) (rolls in|"
        "rises|creeps in|covers everything|covers the {thing}|swallows the {thing}|thickens|spreads|settles|drifts in|"
        "hangs over the {thing}|comes up|envelops the {thing}|comes|comes in|rolls over the {thing}|creeps over the {thing}|"
        "fills the air|fills the {thing}|wraps the {thing}|hides the {thing}|descends|gathers|lies over the {thing}|moves in|"
        "appears|begins to rise|is rising|closes in|veils the {thing}|drifts over the {thing}|creeps in from the sea|"
        "rolls in from the sea|settles over the {thing})",
            "(it|the scene|everything|the air|the {thing}|the view) (becomes|gets|is|turns|grows) (foggy|misty|hazy|very foggy|"
                "a bit misty|foggy and grey|murky|veiled in mist|shrouded in fog|wrapped in fog)", "(fog|mist|haze|foggy|misty|"
                "hazy|thick fog|dense fog|morning mist|heavy fog|fog bank|a foggy day|misty weather|foggy weather|"
                "mist everywhere|add fog|add mist|let fog come in|make it foggy|make it misty|in thick fog|in the fog|"
                "in the mist|in dense fog|in a haze|fog, please)", "(everything|the scene|the {thing}|the view|"
                "the world) (disappears|vanishes|is lost|drowns|is hidden|fades|dissolves|sinks) (in|into|behind) (a thick fog|"
                "the fog|fog|mist|the mist|a haze|thick fog|the haze|a white fog)"),
    "wind": ("(the wind|the wind|the wind|wind|a wind|a strong wind|a stiff breeze|a breeze|a gale|a light breeze|a gust|"
        "a gust of wind|gusts|gusts of wind|a storm wind|strong winds|a fresh wind|a squall|a draught|the breeze|a cold wind|"
        "a gentle breeze|high winds|winds|a sea breeze|an icy wind|a mild breeze) (blows|blow|picks up|rises|howls|gets up|"
        "comes up|whistles|begins to blow|starts to blow|starts blowing|is blowing|blows hard|blows softly|"
        "sweeps over the {thing}|sweeps through the {thing}|blows through the {thing}|shakes the {thing}|shakes the scene|"
        "sways everything|sways the {thing}|stirs the {thing}|moves the {thing}|bends the {thing}|rustles in the leaves|"
        "tugs at the {thing}|ruffles the {thing}|blows over the {thing}|goes through the {thing}|comes in|sets in|"
        "blows in from the sea|whips the {thing}|makes everything sway|rattles the {thing}|rages|shakes the trees|"
        "rocks the {thing})",
             "(it|the weather|the day) (is|gets|becomes|turns|is getting) (windy|very windy|gusty|breezy|blustery|windier|"
                 "stormy and windy|a bit windy)", "(windy|gusty|breezy|blustery|wind|breeze|strong wind|windy weather|"
                 "a windy day|gusts of wind|strong breeze|stiff breeze|a gust of wind|gale|a gale|add wind|let the wind blow|"
                 "let there be wind|make it windy|wind, please|in a strong wind|in the wind|in the breeze|in a gale|wind gusts|"
                 "wind in the leaves|wind in the reeds|wind in the {thing}|wind over the {thing})",
             "(the trees|the grass|the leaves|the branches|everything|the {thing}|the reeds|the flowers|the curtains|her hair|"
                 "the flags|the sails|the bushes|the wheat|the palms|all things) (sway|sways|bend|bends|move|moves|rustle|"
                 "flutter|tremble|shake|shakes|wave|waves|dance|billow|flap|toss|ripple|rock) (in|under) (the|a) (wind|wind|"
                 "breeze|gale|strong wind|strong breeze|gust|storm wind|light breeze|gusts)",
                 "(blown|shaken|swayed|tossed|ruffled) by (the wind|a gale|a breeze|strong winds|gusts)",
                 "(the air|the storm) (stirs and blows|blows through the {thing})"),
    "clear": ("(the|) (snow|snow|rain|rain|fog|fog|mist|snowfall|drizzle|shower|storm|haze|blizzard|snowstorm|downpour|"
        "bad weather|thunderstorm|wind|rainstorm) {cease}( now| again| at last| slowly|)", "(the|) (fog|mist|haze|veil of mist|"
        "smog) (lifts|clears|dissolves|burns off|thins|thins out|clears away|melts away|is lifting|disperses|breaks up|"
        "evaporates|parts|rises and is gone|goes)",
              "it (stops|has stopped|finally stops|ceases) (snowing|raining|drizzling|pouring)",
                  "(no more|no|without|without any|less) (snow|rain|fog|mist|snowfall|clouds|haze|drizzle|bad weather)",
                  "(the weather|weather) (clears|improves|gets better|turns fine|clears up|becomes fine|is fine again|"
                  "becomes clear|is clear again|is good again|turns nice|brightens up|is better|becomes better)",
                  "(the sky|the skies|the air|skies) (clears|clear|clears up|clear up|is clear|is clear again|becomes clear|"
                  "is blue again|turns blue|turns clear|opens|is free of clouds|becomes blue)",
              "(clear|fair|fine|good|nice|dry|calm|blue|cloudless) (weather|sky|skies|air)( again| returns|)",
                  "(stop|end|remove|take away|clear away) the (snow|rain|fog|mist|wind|bad weather|storm|snowfall)",
                  "let the (snow|rain|fog|mist|storm|snowfall) (stop|lift|end|clear|pass|disappear)",
                  "the (clouds|last clouds|storm clouds) (part|disperse|go away|move on|pass|break up|disappear)",
                  "(blue sky|blue skies|clear sky|clear skies|clear weather|dry again)( again| again at last|)"),
}
"""Phrases that ask for each weather."""
HOLD = ("{steady} (camera|camera|shot|shot|frame|view|framing|image|picture|viewpoint|composition|take|"
    "perspective)( on the {thing}| of the {thing}|)", "(the camera|the camera|the shot|the view|the frame|we|the picture|"
    "our view|the lens|the framing|it) (holds|holds still|stays|stays still|stays put|is still|does not move|doesn't move|"
    "remains still|remains|rests|rests on the {thing}|lingers|lingers on the {thing}|stands still|stays where it is|is static|"
    "is fixed|remains motionless|keeps still|waits|pauses|stops|is steady|never moves|stays on the {thing}|remains static|"
    "holds its position|stays in place|is locked off|will not move|stay where we are|stay here|hold|linger|wait|rest|"
    "remain here|dwells on the {thing}|is motionless|stays the same|does nothing)",
        "(hold|hold still|hold it|stay|stay still|stay here|stay put|keep still|remain still|wait|pause|rest|linger|stop|freeze|"
            "stop moving|stand still|hold the shot|hold the frame|hold on the {thing}|stay on the {thing}|stay where you are|"
            "be still|hold this view|keep this framing|freeze the frame|keep the frame)( for a while| for a moment| please| now|"
            " and look| here|)", "(no|without|without any|zero) (camera movement|movement|motion|camera motion|move|"
            "camera moves|moves|pan|zoom|panning|zooming)( at all| please|)", "(do not|don't|never|please do not|"
            "please don't) (move|move the camera|pan|zoom|tilt|pan or zoom|touch the camera|shake)( at all|)",
            "(on|from|with) a tripod( shot|, no movement|)",
        "(keep|hold|leave) (the camera|the view|the shot|the frame|the picture|everything|it|the framing) (still|"
            "perfectly still|steady|where it is|as it is|fixed|static|motionless|in place|locked|completely still|locked off|"
            "quiet|the same)", "(nothing moves|nothing happens|everything stays as it is|everything stays still|all is still|"
            "keep everything as it is|just look|no change|same view|same shot|unchanged)",
            "(locked off|locked-off|lock-off|lockdown shot|tripod|tripod shot|still|static|standstill)",
            "the camera (doesn't|does not|won't) (move|pan|tilt|zoom|shake|turn|go anywhere)( at all|)",
            "(a moment|a moment of stillness|a still moment|stillness|a quiet, motionless shot|a long motionless take)")
"""Phrases that ask for a still camera."""
SHAKE = ("(a|the|) {nervous} (camera|camera|shot|shot|footage|camerawork|camera work|filming|cam|style|look|video|picture|view|"
    "image|feel|motion|movement|take|frame)", "(the|our|) (camera|camera|shot|picture|view|image|frame|hand-held camera|"
    "handheld camera|lens|cameraman) (shakes|trembles|wobbles|jitters|quivers|sways a little|rattles|judders|bobs|jiggles|"
    "shivers|is shaky|is unsteady|is handheld|is hand-held|is held by hand|jumps about|vibrates|wavers|sways in the hand|"
    "moves unsteadily|is nervous|is wobbly|bounces|twitches|staggers|shudders)( a little| slightly| lightly| a bit| nervously|"
    " as if held by hand| in the hand|)",
         "(handheld|hand-held|hand held|handheld look|hand-held feel|camera shake|shaky cam|shakycam|camera jitter|shaky|wobble|"
             "shake the camera|shake the view|make the camera shake|let the camera tremble|shake|screen shake|add camera shake|"
             "a bit of shake|some camera shake|wiggle|camera wobble|jitter)", "(filmed|shot|recorded|held|taken) (by hand|"
             "from the hand|in the hand|with a handheld camera|on a phone in the hand|hand-held|from the shoulder|freehand|"
             "without a tripod|with unsteady hands|with trembling hands|by shaking hands)", "(as if|like) (someone|somebody|"
             "a reporter|an amateur|we|a person|you|a witness) (holds|held|were holding|is holding|"
             "was holding) the camera( in the hand| in their hands| in the hands| by hand| himself|)",
         "(documentary|reportage|amateur video|home video|found footage|war reporter|cinéma vérité|news camera|bodycam|newsreel|"
             "home movie)( style|, handheld|, shaky| shake| camera| look with a shaky camera)", "(shoulder camera|"
             "on the shoulder|from the shoulder|shoulder-mounted camera|with the camera on the shoulder|camera on the shoulder|"
             "shoulder cam)( shot|, reportage|, documentary|)", "(natural|slight|subtle|light|gentle|organic|human) (hand|"
             "handheld|camera) (shake|sway|wobble|movement|tremor|jitter|trembling|motion)", "(camera|hand) tremor",
             "(with|in|from) (a|the) (shaking|trembling|unsteady|nervous) hand")
"""Phrases that ask for a hand-held camera."""
