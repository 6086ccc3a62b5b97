"""Everyday, literary and technical ways to ask for weather, beside the thesaurus of `sky_words` and in the same form.

A name in braces stands for words of `wordings`, brackets hold alternatives. Only the reader of words learns from them.
"""

from __future__ import annotations

SAYINGS: dict[str, tuple[str, ...]] = {
    "snow": (
        "(thick|big|heavy|fat|soft|white|fluffy|wet|tiny|fine|lazy|gentle|a million|countless|the first) (white |)(flakes|"
        "snowflakes|snow crystals) (tumble|fall|drop|drift|float|swirl|sail|spin|dance|flutter|whirl|descend|rain|pour|come|"
        "sift)( down|)( from the sky| from above| from the clouds| through the air| onto the {thing}| past the window| everywhere|"
        ")",
        "(winter|december|the winter|frau holle|jack frost|the first frost) (arrives|comes|begins|sets in|is here) with (snow|"
        "the first snowfall|snowflakes|the first flakes|falling snow|a snowstorm)",
        "(the|) (first|new|fresh|heavy|soft|winter's first) (snow|snowfall) (falls|arrives|begins|drifts down|of the year|"
        "of the season|comes|floats down)", "(snow|fresh snow|thick snow|white snow|powder snow) (blankets|covers|buries|dusts|"
        "coats|wraps|is falling on|whitens|settles on|drifts over|swirls round|swirls past|blows across|flurries over|tumbles onto|"
        "sifts down on) (the {thing}|everything|the roofs|the land|the streets)",
        "(it|it all|the sky) (begins|starts|keeps) snowing", "(snow|snowflakes|flakes|flurries)( gently| softly| silently| slowly|"
        " thickly| heavily|) (falling|drifting|swirling|coming down|tumbling|whirling|floating|dancing)( down| everywhere|"
        " over the {thing}| through the air|)",
        "(white|snow-filled|snowy|snow) (air|sky|swirls|whirl|squall|gusts)", "(a|the|one|an arctic|a howling) (white-out|whiteout|"
        "snow squall|blizzard|snowstorm|snow flurry|snow shower|flurry of flakes|winter storm with snow)( engulfs the {thing}|"
        " blows up| swallows the {thing}| strikes| approaches| hits|)", "(cotton-wool|feathery|icy|powdery|crystal) (flakes|snow|"
        "snowflakes)( fall| drift down| swirl| float by|)", "(like|as) in a snow globe(, snow falls|, flakes swirl|)",
        "(make|let|have) (it|the sky|the clouds) (snow|snow heavily|snow a little|drop snow|start snowing)( on the {thing}| again|"
        " now|)", "(give|bring|get|send|sprinkle|scatter|throw in|add|drop) (us|me|in|) (some|a little|a bit of|lots of|plenty of|"
        "gentle|falling) (snow|snowflakes|snowfall|flakes|flurries)( please| over the {thing}|)",
        "(snow|snowfall|snowing|snowflakes|flurries|a blizzard|blizzard conditions|sleet and snow|wintry showers)( effect| overlay|"
        " please| everywhere|, lots of it|, gently| weather|)", "(a|the|one|on a|it is a) (snowy|snow-swept|blizzardy|"
        "snow-laden) (day|afternoon|scene|sky|weather|mood|winter's day|winter day)", "the (sky|heavens|clouds) (sends|send|drops|"
        "drop|shakes|shake|releases|release|lets|let) (down |out |fall |)(snow|its snow|their snow|white flakes|snowflakes)",
        "(we're|we are|the {thing} is|everything is|it is) (getting|being) snowed (in|on|under)",
        "(mother nature|old man winter) (sends snow|brings snow|shakes out the pillows and it snows)",
        "(white|winter) wonderland(, snow falling| with falling snow|, it snows)",
        "(it's|it is) (snowing|beginning to snow|starting to snow|snowing hard|snowing a little|snowing again|flurrying|"
        "a white-out)( outside| now| on the {thing}| cats and dogs|)",
    ),
    "rain": (
        "(it's|it is|it starts|it begins|it keeps|now it is) (bucketing down|pelting down|chucking it down|tipping down|pouring|"
        "pouring down|lashing down|coming down in sheets|raining|raining hard|spitting|drizzling|teeming|pissing down|"
        "raining buckets|teeming down|belting down|raining stair rods|sprinkling|showering|raining cats and dogs|"
        "hammering down)( outside| now| on the {thing}|)", "(a|the|one|a sudden|a short|a violent|a tropical) (cloudburst|downpour|"
        "deluge|shower|rain shower|rainstorm|thundershower|squall of rain|april shower|monsoon|torrent of rain|spell of rain|"
        "thunderstorm) (drenches|soaks|hits|sweeps|passes over|bursts over|empties itself over|pelts|washes|drums on|falls on|"
        "lashes|floods|breaks over) (the {thing}|everything|the square|the roofs|the streets)",
        "(the|) (first|fat|heavy|big|cold|warm|few|scattered|thousands of|fine) (raindrops|drops|drops of rain|"
        "drops of water from the sky|droplets of rain) (hit|spatter|fall on|dot|drum on|patter on|strike|splash onto|land on|"
        "splatter on|pelt|tap on|beat on|plop on) (the {thing}|the pavement|the window|the roofs|the ground|the leaves|"
        "the windscreen)", "(wet|rainy|awful|nasty|foul|showery|drizzly|dismal) (weather|day|afternoon|spell)(, it pours|, rain|"
        ", it rains|, raining)", "(rain|water|rainwater|raindrops) (streams|runs|trickles|drips|pours|streaming|running|dripping|"
        "flows) down (the window panes|the glass|everything|the panes|from the sky|the facades|the {thing})",
        "(the|) (sky|heavens|clouds|skies) (weep|weeps|cry|cries|burst|open up|opens its gates|empty|break|pour out|"
        "open their floodgates|leak|sheds tears)( over the {thing}| and it rains|)",
        "(rain|heavy rain|steady rain|fine rain|cold rain|a light rain|soft rain|torrential rain|driving rain|the rain|"
        "freezing rain|grey rain|autumn rain|spring rain|monsoon rain) (comes down|lashes the {thing}|hammers on the {thing}|"
        "soaks the {thing}|drenches the {thing}|whips the {thing}|veils the {thing}|sets in|washes over the {thing}|whispers|"
        "pelts down|buckets down|drums on the roof|patters|blows across the {thing}|moves in|arrives|is coming down|falling|"
        "pouring|pelting the {thing}|sweeping the {thing})", "(give|bring|get|send|sprinkle|throw in|add|drop) (us|me|in|) (some|"
        "a little|a bit of|lots of|plenty of|gentle|heavy|falling) (rain|raindrops|rainfall|drizzle|showers)( please|"
        " over the {thing}|)", "(make|let|have) (it|the sky|the clouds) (rain|pour|rain heavily|rain a little|drizzle|"
        "start raining|bucket down)( on the {thing}| again| now|)", "(get out|open|put up|better bring|unfold) (the|your|"
        "an) (umbrella|umbrellas|brolly)(, it rains|, it is raining|, rain|, it starts to rain)",
        "(rain|raining|rainfall|drizzle|drizzling|a shower|showers|downpour|a deluge|torrential rain|pouring|pouring rain|mizzle|"
        "cloudburst)( effect| overlay| please| everywhere|, lots of it|, gently| weather|)",
        "(a|the|one|on a|it is a) (rainy|wet and rainy|rain-swept|drizzly|showery|rain-soaked) (day|afternoon|scene|sky|weather|"
        "mood|sunday)",
        "(puddles|the puddles|the gutters) (form|fill|ripple|dance|overflow) (in|under|with) (the rain|the falling rain|rain|"
        "raindrops)", "(everything|the {thing}|the street|all) (is|gets) (soaked|drenched|dripping|sopping|wet) (by|from|in|"
        "with) (the |)(rain|the downpour|pouring rain|shower)", "(sheets|curtains|buckets|streaks|veils|torrents|"
        "ropes) of rain( fall| sweep over the {thing}| come down| in the air| drench the {thing}|)",
        "(pitter-patter|pitter patter|drip drop|plip plop)( of rain| of raindrops|, rain|, it rains)",
        "(the|) (weather|day|sky) turns (wet|rainy|to rain)( and rainy|)", "(singing|dancing|standing|walking|waiting) in the rain",
        "{who} {does} in the (rain|pouring rain|drizzle|downpour)",
    ),
    "fog": (
        "(a|the|one) (pea-souper|pea soup fog|wall of fog|blanket of fog|bank of mist|veil of mist|curtain of fog|sea fog|"
        "ground fog|layer of mist|cloud of fog|grey haze|white haze|thick haze|london fog|brume|fret) (swallows|covers|hides|"
        "engulfs|blurs|wraps|rolls over|drifts over|lies over|lies on|hangs over|settles on|blankets|smothers|eats|erases|conceals|"
        "creeps over|softens) (the {thing}|everything|the harbour|the hills|the valley|the view)",
        "(wisps|wreaths|swathes|veils|ribbons|strands|shreds|tendrils|clouds|patches|banks|billows|blankets|curtains|"
        "rags) of (mist|fog|haze|vapour) (drift|float|hang|curl|lie|creep|glide|roll|weave|wander|swirl|move|linger|cling|"
        "rise)( between the trees| over the {thing}| around the {thing}| through the air| across the {thing}| past|"
        " among the {thing}|)", "(the|) (hills|{thing}|houses|trees|horizon|coast|world|mountains|far shore|towers|"
        "background) (disappear|disappears|vanish|vanishes|fade|fades|dissolve|blurs|sink|sinks|is lost|are lost|is swallowed|"
        "melt) (behind|in|into|by) (a|the|) (grey |thick |white |dense |milky |soft |)(haze|fog|mist|murk|brume|vapour)",
        "(it's|it is|it gets|it becomes|it turns|the air is|the scene is) (foggy|misty|hazy|murky|all foggy|really foggy|"
        "thick with fog|full of mist|heavy with mist|milky with fog|so foggy you can't see a thing)( outside| now| all around|)",
        "(you|we|one|i) (can|could|can't|cannot|can hardly) (barely |)(see|make out) (the {thing}|your hand before your eyes|"
        "anything|ten metres) (in|for|through|because of) (the |all this |)(fog|mist|haze)",
        "(give|bring|get|send|throw in|add|blow in|pump in) (us|me|in|) (some|a little|a bit of|lots of|plenty of|thick|low|"
        "drifting) (fog|mist|haze|ground fog|fog from a machine)( please| over the {thing}|)",
        "(fog|mist|haze|ground mist|low fog|thick fog|light mist|sea mist|a thin haze|a light haze|white fog|grey mist|"
        "freezing fog) (drifting|rolling|creeping|rising|billowing|spreading|hanging|settling|curling)( in| past| over the {thing}|"
        " through the {thing}| from the river| up from the ground|)", "(fog|mist|haze|foggy|misty|hazy|low visibility, fog|brume|"
        "fog bank|mist everywhere|ground fog)( effect| overlay| please| everywhere|, lots of it|, gently| weather| machine on|)",
        "(shrouded|wrapped|veiled|cloaked|lost|hidden|swathed|bathed|drowned) in (fog|mist|haze|a thick fog|white mist|dense fog|"
        "the fog)",
        "(the|) (fog|mist|haze|fog bank|ground mist) (thickens|descends|closes in|rolls in|gathers|comes rolling in|sneaks in|"
        "seeps in|slinks in on cat feet|sets in|blots out the {thing}|grows thicker|gets denser|creeps up|steals in|"
        "moves up the valley|swallows all|lies low|builds up|comes down|drifts by|pours over the {thing})",
        "(a|the|on a|it is a|one) (foggy|misty|hazy|fog-bound|mist-shrouded) (day|afternoon|scene|weather|mood|november day|"
        "landscape|autumn day|moor)", "(everything|the scene|the picture|all|the view) (goes|turns|becomes|is|"
        "gets) (white with fog|grey with mist|blurred by mist|milky|hazy|misty|foggy|a white blur of fog)",
        "(fill|cover|veil|hide|wrap|shroud|blanket) (the {thing}|everything|the scene|the street|the picture|it) (with|in) (fog|"
        "mist|haze|thick fog|a light mist|dense fog)", "(make|let|have) (the |a |some |)(fog|mist|haze) (come in|roll in|rise|"
        "drift in|spread|creep in|settle|thicken|cover the {thing})",
        "(visibility (drops|is poor|goes down|is near zero)( because of|,| in) (fog|mist|thick fog))",
        "(dry ice|smoke-like|ghostly|spooky|eerie|gothic|mysterious) (fog|mist)( over the {thing}| on the ground| rolls in|)",
        "{who} {does} in the (fog|mist|haze)", "the (lake|river|marsh|valley|meadow|sea|moor) (steams with mist|lies under mist|"
        "breathes mist|exhales fog|is covered in mist|is white with fog)",
    ),
    "wind": (
        "(a|the|one|another|a sudden|a fierce) (stiff |strong |icy |fresh |wild |warm |cold |hot |gentle |light |mighty |)(gust|"
        "breeze|gale|squall|wind|hurricane|storm wind|draught|breath of wind|blast of wind|whirlwind|zephyr|mistral|sirocco|"
        "tornado wind|north wind|west wind|headwind) (rattles|shakes|tugs at|bends|tosses|ruffles|whips|stirs|sways|rocks|"
        "plays with|slams|lifts|catches|sweeps|combs|pushes|tears at|hits|blows through|blows over|strokes|caresses|buffets|"
        "blows round|howls round|whistles round|batters|bends) (the {thing}|the shutters|the trees|everything|the leaves|"
        "the branches|the grass|her hair|the curtains|the flags)", "(the|all the|tall|dry|old|young|) (trees|branches|leaves|palms|"
        "reeds|grasses|poplars|ferns|flags|curtains|sails|flowers|bushes|corn|wheat|hair|washing|laundry|banners|tents|pines|"
        "willows|birches|barley) (bend|sway|toss|dance|flutter|rustle|whip|wave|shiver|swing|tremble|flap|billow|thrash|nod|ripple|"
        "quiver|bow|rock|stir|bending|swaying|fluttering|rustling|waving|tossing)( about| to and fro| back and forth|) (in|under|"
        "with|from) (the|a|an icy|a strong|a light|a gentle|a sudden|the storm|the sea) (wind|breeze|gale|gust|gusts|storm wind|"
        "draught|squall)",
        "(it's|it is|it gets|it becomes|it turns) (windy|breezy|blowy|gusty|blustery|blowing a gale|blowing hard|really windy|"
        "blowing up|getting windy|quite windy|windy as hell|blowing a hooley|a bit breezy|wild and windy|drafty|draughty)( outside|"
        " now| up here| all around|)", "(give|bring|get|send|throw in|add|turn on|switch on|blow in) (us|me|in|) (some|a little|"
        "a bit of|lots of|plenty of|a strong|a gentle|a light|the|a lot of) (wind|breeze|gusts|storm wind|blowing wind)( please|"
        " in the {thing}|)", "(wind|windy|breeze|breezy|gusts|gusting|gale|gale force|squalls|strong gusts|light breeze|"
        "gusty winds|storm-force wind|blowing wind|a stiff breeze)( effect| please| everywhere|, lots of it|, gently| weather|"
        " machine on|)", "(make|let|have) (the |a |some |)(wind|breeze|gale|gusts) (blow|come up|rise|rustle|howl|pick up|"
        "play in the {thing}|shake the {thing}|start|whip up)( hard| gently| again|)",
        "(the|) (wind|breeze|gale|storm wind|north wind|wild wind|night wind|evening breeze) (springs up|gets stronger|freshens|"
        "strengthens|whips up|starts up|moans|roars|sings|whispers|howls round the {thing}|blows from the sea|gathers strength|"
        "blows like mad|is strong|blows in gusts|swells|awakes|wakes|is rising|turns|races|races over the {thing}|sighs|sweeps in|"
        "grows|increases|comes from the {thing}|gusts|is up|carries leaves away|whistles through the {thing}|combs the grass|"
        "hums in the wires)",
        "(windswept|wind-swept|wind-blown|windblown|wind-tossed|storm-tossed|breezy|gusty)( scene| trees| grass| hair| {thing}|"
        " mood|)", "(leaves|dust|papers|dry leaves|sand|petals|hats|litter|autumn leaves) (blow|are blown|whirl|fly|are whirled|"
        "swirl|get blown|tumble) (about|past|around|through the air|over the {thing}|away)( by the wind| in the wind| in a gust|"
        " by a gale)", "(everything|the whole scene|all of it|the picture|it all) (sways|moves|shakes|trembles|swings|flutters|"
        "bends|rustles|blows about)( about|) (in|with|under) (the|a) (wind|breeze|storm wind|gale)",
        "(hold on to|there goes|mind) (your|his|my|her) (hat|hats)(, it is windy|, what a wind|, it's windy|, the wind blows)",
        "(let|feel|sense) the (wind|breeze) (in your hair|on your face|in the {thing}|in the trees)",
        "(a|the|on a|it is a|one|very) (windy|gusty|breezy|blustery|wind-swept) (day|afternoon|scene|sky|weather|mood|autumn day|"
        "spot|hill|beach)", "(winds|the winds|strong winds|high winds|gales|gusts|trade winds|breezes) (are blowing|blow|howl|rage|"
        "whip the {thing}|rise|rip through the {thing}|are picking up|sweep the {thing}|batter the {thing}|come up)",
        "{who} {does} in the (wind|breeze|gale|strong wind)", "(blow|ruffle|sway|shake|stir) the (leaves|branches|trees|curtains|"
        "grass|hair) with (wind|a breeze|the wind)", "(some|a little|more|much more|lots of|plenty of) (wind|breeze|"
        "air movement like wind|draught)( please| in the trees| now|)",
    ),
    "clear": (
        "(the|) (rain|snow|drizzle|downpour|snowfall|shower|storm|wind|blizzard|hail|thunderstorm|gale) (lets up|eases|peters out|"
        "dies away|abates|slackens|is no more|tails off|dries up|has passed|passed|blows itself out|moves off|drifts away|"
        "is dying down|has stopped|is over now|has ended|calms down|quiets down|has blown over|runs out|gives up|relents|"
        "is finished|has died down|has gone|draws off)( now| at last| finally|)",
        "(finally|at last|suddenly|then|now|after an hour|) (the|) (rain|snow|fog|mist|storm|snowfall|drizzle|bad weather) (stops|"
        "is over|ends|is gone|clears|passes|has stopped|has gone|has lifted|vanishes|disappears)",
        "(the|) sun (breaks through|comes out|peeks out|is out|is back|pushes through|returns|appears|shows itself|"
        "bursts through)( the clouds| again|)( after the (rain|storm|shower|snow|fog)| between the clouds|)",
        "(blue|clear|bright blue|cloudless|spotless|clean|wide blue|deep blue|azure) (sky|skies|heavens)( at last| again| overhead|"
        " everywhere| over the {thing}| after the storm| after the rain|)",
        "(the|all|dark|grey|last|heavy|rain) clouds (break|break up|part|drift away|scatter|vanish|are gone|dissolve|clear|"
        "roll away|lift|have gone|open|melt|retreat|thin out|blow away|disappear)( and the sky is blue| and the sun comes out|)",
        "(the|) (fog|mist|haze|murk|smog|veil of fog) (burns away|dissipates|thins|lifts|is blown away|melts|vanishes|recedes|"
        "has gone|has lifted|is gone|retreats|fades|withdraws|rolls back|opens up|gives way|clears off|dissolves into nothing|"
        "disappears)( now| and the view is clear| at last| in the sun| slowly|)", "(the|) (weather|sky|air|day|skies|view) (clears|"
        "improves|is clearing|brightens up|turns fine|gets nicer|is better|turns nice|has cleared|is clear now|settles|calms|"
        "becomes pleasant|is fair again|lightens up|turns lovely|relents|recovers)( up|)( at last| again| now| after the (rain|"
        "storm|snow)|)", "(stop|end|no more|enough of|quit|finish|kill|cut|lose|drop|remove|get rid of|turn off|switch off|"
        "take out|delete) (the|this|all the|that|) (rain|snow|fog|mist|wind|storm|snowfall|drizzle|haze|bad weather|"
        "weather effect)( please| now|!|)", "(without|no|zero|not a trace of|free of) (rain|snow|fog|mist|wind|clouds|haze|"
        "any rain|any snow|any fog|precipitation)( any more| anymore| now|)", "it (no longer|doesn't|does not|isn't|is not) (snows|"
        "rains|snow|rain|snowing|raining)( any more| anymore| any longer| now)",
        "(fair|fine|lovely|glorious|perfect|splendid|calm|dry|settled|pleasant|good|beautiful|nice|clear|better) weather( at last|"
        " again| please| returns| for a change| after the storm|)", "(the|) (snow|ice|last snow|snow cover|slush) (melts|"
        "is melting|thaws|has melted|melts away|turns to water)( in the sun| at last|)", "(after|when|once) the (rain|storm|shower|"
        "snowstorm|fog|blizzard|thunderstorm)(, calm|, clear air|, the sky is clear| has passed| is over|, blue sky|"
        ", everything is fresh and clear)", "(calm|peace|quiet|stillness) after the (storm|rain|gale|blizzard)",
        "(the|a) thaw (sets in|begins|comes)", "(let|make) (it|the weather|the sky|the air) (clear|clear up|be clear|stop raining|"
        "stop snowing|be fine|turn fine|dry up|be nice again)", "(the|) (air|sky|view|horizon) (is|becomes|turns|gets) (clear|"
        "crystal clear|clean|transparent|free|crisp|pure|cloudless|blue)( again| now| at last|)",
        "(not a cloud|no clouds|not a single cloud) (in|left in|to be seen in) (the|) (sky|blue sky)",
        "(the|) (umbrella|umbrellas) (close|are closed|is folded)(, the rain is over|, the rain has stopped|"
        " because the rain stops)", "(rain|snow|fog|mist|wind|storm) (off|over|gone|stop|ends|ended|finished|no more)( please|!|)",
        "(clear|clean|wipe|blow|sweep) (away |)the (fog|mist|haze|rain|clouds|snow|air)( away|)",
        "(the|) (wind|breeze|gale|gusts|storm) (drops|dies|falls asleep|calms|subsides|lies down|stops|is gone|ceases|fades|"
        "dies down|goes quiet|settles)( to nothing| at last| completely|)",
    ),
}
"""Phrases that ask for each weather."""
