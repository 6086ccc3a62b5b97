"""Everyday, literary and technical ways to ask for a light, beside the thesaurus of `sky_words` and in the same form.

A name in braces stands for words of `wordings`, brackets hold alternatives. Only the reader of words learns from them.
"""

from __future__ import annotations

SAYINGS: dict[str, tuple[str, ...]] = {
    "day": (
        "(bring|give|get) (me|us|) (the|) (daylight|daytime|day|sun of noon) back",
        "(let there be|let it be|we want|i want|use) (day|daylight|daytime|noon)",
        "(an|one) (ordinary|normal|plain|regular|usual|average|common) day( again| like any other|)",
        "(twelve|12) o'clock( noon|, midday)", "12 noon",
        "the sun (stands|is|hangs) (high|at its highest|at the zenith|right overhead|high in the sky)",
        "(the|) sun (directly|straight|right) overhead",
        "(a|the) (working|week|market|normal|whole|usual) day in (full|plain|broad) daylight", "(at|it is) lunchtime",
        "mid-day( sun| light|)", "daytime( scene| look| version| lighting| setting|)",
        "(switch|change|set|reset|go|put it|turn it) (back |)to (day|daylight|daytime|normal light|neutral light|plain light)",
        "(the|) (hours|time) of (full|) day",
        "(reset|normalise|normalize|neutralise|restore|clear) the (light|lighting|grade|colours|colour grade|exposure)",
        "neutral (white balance|grade|colour|lighting|light)",
        "(the|) light (as it was|as before|like before|as usual|like on any other day)",
        "(no|without) (special|coloured|artificial|tinted) (light|lighting)", "(an|) evenly lit( day| scene|)",
        "(daylight|the day|day) (streams in|spreads|is all around|everywhere|fills the {thing}|lies over the {thing}|takes over|"
        "reigns)", "(the|) (clear|plain|sober|even) light of (an|the|) (afternoon|forenoon|day|noon)",
        "(late|mid|) (morning|afternoon) in (full|broad|plain) daylight", "it is (light|bright day|full day|daytime|noon|"
        "daylight) outside( now| again|)", "(the|) night (has passed|is over)(, it is day| and it is day again|, day)",
        "(the|) (dark|darkness|gloom) (is gone|has gone|is over)(, it is day again| and it is day|, daylight)",
        "now it's (day|daytime|noon|daylight|the middle of the day)", "(the|) midday (sun|light|hour)( on the {thing}|)",
        "(day scene|day exterior|ext. {thing} - day|int. {thing} - day|ext. day|day interior|d50 daylight|5600 k daylight)",
        "make the (sky|{thing}|light) (day|daytime|look like daytime|like daylight)",
        "(the|) (day|daylight) has (come|returned|broken through|won)", "like (at noon|in the daytime|during the day|"
        "any normal day)",
    ),
    "dawn": (
        "(the|) (first|earliest|early) (rays|beams|light|sunbeams|sunlight|shimmer|glimmer|streaks of light) (creep|touch|reach|"
        "appear|fall|show|peek|steal|break) (over|on|across|behind|through) the {thing}",
        "(a|the|another|one more) (new |young |fresh |)(day|morning) (begins|starts|is born|breaks|awakes|wakes|dawns|arrives|"
        "is coming)", "(sunup|sun-up|cockcrow|cock-crow|daybreak|the crack of dawn|aurora|morning glow|dawn chorus|break of day|"
        "the early hours|dawning)",
        "(the|) (cock|rooster|cockerel) crows( and it gets light|, dawn|, the sun comes up|)",
        "(the|) (sun|sun's disc|red sun|morning sun|orb of the sun) (pops up|lifts|peeps|crawls|edges|pushes|shows itself|wakes|"
        "awakens|emerges|gets up|creeps up|pokes its head)( over the {thing}| above the horizon| behind the {thing}| from the sea|"
        ")",
        "(good|early|pale|rosy|pink|grey|hazy|young|bright) (morning|dawn|daybreak)( light| sky| over the {thing}| breaks|)",
        "(the|) (eastern sky|east|horizon) (glows|pales|brightens|turns pink|reddens|lightens|blushes|grows light|catches fire)",
        "(night|the night|darkness|the dark) (ends|retreats|recedes|lifts|withdraws|is ending|fades|flees)(, dawn|, morning comes|"
        " and dawn breaks| and the sun rises| as the sun rises| before the morning)",
        "(six|five|5|6|seven) (o'clock |)in the morning", "(early|first thing) in the morning",
        "(at|by|with|towards|around|just before|shortly after) (sunrise|daybreak|dawn|first light|sunup|cockcrow|break of day)",
        "(make|let) (the|) (sun|morning|dawn) (rise|come|come up|break|begin)", "(the|) (sunrise|dawn|morning sun|early sun|"
        "daybreak) (paints|colours|gilds|touches|bathes|lights|over|behind|above) the {thing}",
        "(the|) (world|village|town|city|land|{thing}|farm|forest|garden) (wakes|awakes|wakes up|awakens|"
        "stirs)( in the morning light| at dawn| with the sun| in the first light)", "(sunrise|dawn|morning)( scene| light| mood|"
        " look| time| hour| setting| sky| colours| lighting)", "(time-lapse|timelapse) of (a|the) sunrise",
        "(rosy|rose)-fingered dawn",
        "(the|) morning (comes|has come|arrives|dawns|spreads|light spreads|light arrives|creeps in|peeks in|sun climbs|"
        "sun appears)", "it('s| is) (getting light|growing light|dawning|morning|early morning|sunrise|daybreak|"
        "nearly sunrise)( already| at last| outside|)", "(wake up to|greet|welcome) (the|a) (sunrise|new day|morning sun|dawn)",
        "(ext. {thing} - dawn|dawn exterior|ext. dawn|magic morning light)",
        "(the|a) sun (coming up|rising|climbing)( over the {thing}| above the {thing}| out of the sea| behind the {thing}|)",
        "(dew and|) (pale|soft|gentle|thin) morning (light|sun|sunlight)",
    ),
    "dusk": (
        "(the|) (sun|red sun|evening sun|ball of the sun|tired sun|big orange sun) (dips|sinks|drops|slips|slides|falls|melts|"
        "vanishes|dives|goes|disappears|touches|bows out|says goodbye|bids farewell|nears the horizon|"
        "hits the horizon)( below the horizon| behind the {thing}| under the horizon| into the sea| beneath the hills|"
        " beyond the {thing}|)",
        "(the|) (day|afternoon|daylight|light of day|light) (wanes|fades|ebbs|dies|ends|declines|slips away|leaves us|"
        "draws to an end|nears its end|comes to its end|is nearly over)( into evening| into twilight| into dusk| towards evening|)",
        "(dusk|twilight|evening|the gloaming|evenfall|the evening) (settles|gathers|deepens|descends|creeps|steals|wraps|closes|"
        "lies|spreads|sinks|draws)( in| over the {thing}| on the {thing}| on the roofs| around the {thing}|)",
        "(sundown|sun-down|eventide|the gloaming|evenfall|crepuscule|evening time|the end of the day|day's end|last light|"
        "end of day|close of day|late in the day|the twilight hour|nautical twilight)",
        "(a|the|one last|another) (red|orange|purple|pink|fiery|spectacular|beautiful|crimson|romantic|tropical|burning) (sunset|"
        "evening sky|dusk|sundown|afterglow)( over the {thing}| behind the {thing}|)",
        "(the|) (western sky|west|horizon) (glows|burns|reddens|blazes|turns crimson|is on fire|flames|turns purple|"
        "blushes)( with sunset| in the evening|)", "(at|by|with|towards|around|just after|just before) (sunset|sundown|dusk|"
        "nightfall|twilight|evening|eventide|close of day)", "(make|let|have) (the|) (sun|evening|dusk) (set|come|go down|fall|"
        "sink|settle)",
        "(seven|eight|7|8|six) (o'clock |)in the evening", "(sunset|dusk|evening|twilight)( scene| light| mood| look| time| hour|"
        " setting| sky| colours| lighting| ambience)", "(time-lapse|timelapse) of (a|the) sunset",
        "(long|lengthening) (evening |)shadows( at sunset| at dusk| of the evening| of the late day)",
        "it('s| is) (getting late|becoming evening|growing dusky|dusk|evening|sunset|nearly night|almost dark|twilight)( already|"
        " now| outside|)", "(the|) (last|dying|final|slanting|red) (rays|beams|sunbeams|embers|light|glow) of (the |)(sun|day|"
        "evening|sunset)( touch the {thing}| on the {thing}| fade|)",
        "(the|a) sun (going down|setting|sinking|dropping)( over the {thing}| behind the {thing}| into the sea| in the west|)",
        "(the|) (evening|dusk|twilight|sunset) (has come|arrives|is here|is near|approaches|comes on|is falling)",
        "(call it a day|the day is done|the day is over)(, evening|, the sun sets|, dusk)",
        "(ext. {thing} - dusk|dusk exterior|ext. sunset|ext. evening)", "(the|) (workday|working day|long day) (ends|"
        "is over)( and the sun goes down|, evening comes| at sunset)",
        "(an|the|one) (early|mild|late|quiet|calm|summer|autumn|winter|romantic|peaceful) (evening|dusk|twilight|sunset)",
    ),
    "night": (
        "(the|) (sky|world|land|town|street|room|valley|harbour|city) (goes|turns|falls|is|grows|becomes) (pitch |completely |"
        "utterly |totally |)(black|dark)( outside| all around|)", "(black|dark) as (pitch|ink|coal|a cellar|a cave|soot)",
        "(nite|night time|the dead of night|the small hours|the witching hour|midnight strikes|bedtime, dark|lights-out|blackout|"
        "black out|total darkness)", "the clock strikes (midnight|twelve at night)",
        "(the|) (sun|daylight) is (long |)gone(, it is (night|dark|black outside|pitch dark)| and the stars are out|"
        " and it is dark)", "(under|beneath|below) (a|the) (starry|moonlit|night|black|star-studded|starlit|nocturnal) sky",
        "(stars|the stars|a thousand stars|the milky way|the first stars|countless stars) (twinkle|shine|glitter|appear|sparkle|"
        "come out|light up|are out)( above the {thing}| over the {thing}| in the sky| overhead| in the dark|)",
        "(a|the) (full|crescent|pale|silver|big|new|yellow|round) moon (rises|shines|stands|hangs|climbs|sails|appears|"
        "comes up)( over the {thing}| in the night sky| above the {thing}| high up|)",
        "(night|the night|darkness|the dark|blackness) (swallows|envelops|engulfs|wraps|covers|cloaks|hides|takes|devours|shrouds|"
        "conquers) (the {thing}|everything|the land|all|the scene|the town)",
        "(night|the night|darkness|the dark) (takes over|closes in|has fallen|has come|is upon us|sinks down|is here|reigns|rules|"
        "drops like a curtain|spreads its cloak|lowers its veil|sneaks in|wins)",
        "(everything|all|the scene|the {thing}|the picture|the world) (sinks|disappears|vanishes|is plunged|fades|is drowned|"
        "descends|falls|slides|drowns) (in|into) (the |)(darkness|dark|night|blackness|black)",
        "(somebody|someone|she|he|they) (turns|switches|puts|blows) (off|out) (the|all the|every) (light|lights|lamps|candles)",
        "(turn|switch|put|kill|cut|blow) (off|out|) (all |)the (light|lights|lamps)", "(lights|light) (out|off)( please|!|)",
        "(the|) power (is cut|goes out|fails)( and it is dark| and everything goes dark|, darkness)", "power cut, darkness",
        "(dim|darken|fade|turn|bring|take) (everything|the scene|it|the {thing}|the picture|it all|the light) (down |)(to|into|"
        "until it is) (night|darkness|black|dark|pitch dark)", "(much|a lot|way|far|even|) darker( please| now|, like at night|)",
        "(a|one|the|on a|in a) (dark|black|moonless|moonlit|starry|clear|still|silent|quiet|long|cold|warm summer|mild|polar|"
        "tropical|deep) night( sky| over the {thing}|)", "(the|) last (light|glow|ray|lamp) (dies|fades|goes out|"
        "disappears)( and night takes over| and it is night|, night|, darkness)",
        "(three|two|3|2|one|four) (o'clock |)(in the morning, still dark|at night)",
        "it('s| is) (dark|night|pitch-dark|pitch black|late at night|midnight|the middle of the night|after midnight|getting dark|"
        "getting darker|nighttime)( already| now| outside|)", "(night scene|night exterior|ext. {thing} - night|"
        "int. {thing} - night|ext. night|night mode|day-for-night|american night|nocturne)",
        "(night|night-time|midnight)( lighting| look| setting| mood| version| ambience| shot| sky)",
        "(nocturnal|nighttime) (scene|mood|city|sky|view)", "(bathed|dipped|lying|steeped) in (moonlight and darkness|"
        "the dark of night|darkness|starlight)", "(the|) (city|town|village|{thing}) (by|at|in the) night",
        "(everyone|the town|the village|the city|the world) (is asleep|sleeps)( in the dark| at night|, night|, it is night)",
    ),
    "lamp": (
        "(she|he|somebody|someone|{who}|my father|the maid|an old hand) (lights|strikes a match and lights|switches on|turns on|"
        "clicks on|flicks on|ignites|kindles) (a|the|one|her|his|an old) (candle|lamp|lantern|oil lamp|desk lamp|reading lamp|"
        "bedside lamp|table lamp|torch|night light|kerosene lamp|paraffin lamp|gas lamp|bulb)( on the {thing}| by the {thing}|"
        " {place}|)",
        "(the|a|one|her|his|our|an) (desk|reading|table|bedside|ceiling|street|floor|oil|gas|standing|hanging|porch|kitchen|paper|"
        "kerosene) (lamp|light|lantern) (clicks on|is switched on|comes on|goes on|turns on|lights up|snaps on|is turned on|flares|"
        "begins to glow|starts to glow|springs to life|glows|gleams|beams|is burning)( on the {thing}| in the corner|"
        " above the {thing}|)",
        "(only|just|nothing but|only the light of) (a|one|the|a single|a small|a lonely) (lantern|candle|lamp|bulb|oil lamp|"
        "night light|street lamp|light bulb) (glows|burns|shines|gleams|gives light|is lit|is burning|remains lit|"
        "to see by)( in the dark| in the gloom| on the {thing}|)", "(a|one|the|our) (lantern|candle|lamp|bulb|oil lamp|"
        "street lamp) (is|gets|has been) (lit|kindled|ignited|switched on|turned on|lighted)( on the {thing}| by the door|"
        " in the middle|)",
        "(strike|light) a (match and light the candle|match and light a lamp|candle|lamp|lantern|single candle)( for me| for us|"
        " please| here|)", "(let|make|have) (a|the|one) (lamp|lantern|candle|bulb) (burn|glow|shine|light up|come on|"
        "be lit)( on the {thing}| in the middle|)", "(lit|lighted|illuminated) (solely |only |dimly |just |)by (candlelight|"
        "lamplight|a lantern|a lone lamp|one bulb|a naked bulb|the lamp on the {thing}|a bedside lamp|a candle|lanterns)",
        "(by|in|under|with) (the |)(light|glow|shine|gleam|beam|circle|halo) of (a|the|an old|one|her|his) (lamp|lantern|candle|"
        "oil lamp|street lamp|torch|desk lamp|bulb|candlestick)", "(a|the|one) (small|little|round|lonely|soft|cosy|single|"
        "yellow) (pool|circle|island|patch|halo|cone|spot) of (light|lamplight|candlelight) (around|on|under|in|over) the {thing}",
        "(a|the|one) spotlight( comes on| hits the {thing}| on the {thing}| picks out the {thing}| in the middle)",
        "(lamp|lantern|candle|desk lamp|light bulb|table lamp) (on|lit|aglow|burning)( please|!|)",
        "(candles|lanterns|lamps) (are lit|glow|burn|are burning|light the {thing})( on the {thing}| everywhere| in the dark|)",
        "(put|hang|place|set|bring) (a|the|one) (burning|lit|glowing|lighted|shining) (lamp|lantern|candle) (there|in the middle|"
        "on the {thing}|over the {thing}|here)", "(candlelit|lamplit|lantern-lit)( scene| room| {thing}| dinner| gloom|)",
        "(the|a) (lamplighter|keeper|watchman) (lights|kindles) (the|a|his) (street lamp|lantern|lamp|beacon)",
        "(turn|switch|flick|click) the (lamp|lantern|desk lamp|bedside lamp|bulb|light bulb|reading light) on",
        "(turn|switch|flick|click) on (the|a|that|one) (lamp|lantern|desk lamp|bedside lamp|bulb|reading light|standing lamp|"
        "fairy lights)",
    ),
    "flicker": (
        "(the|a|that|an old) (neon tube|neon sign|strip light|fluorescent light|tube|ceiling light|street light|bulb|lamp|light|"
        "candle|screen|lights|fire|torch|chandelier) (keeps (blinking|flickering|flashing|sputtering|stuttering|cutting out)|"
        "cannot decide whether to stay on|goes on, off, on, off|blinks on and off|is about to die|fizzes and flickers|"
        "buzzes and flickers|stutters|spasms|is twitchy|has hiccups|is faulty and flickers)",
        "(candle|candle's|fire|hearth|torch|oil lamp|log fire) (flames|light|flame|glow) (make the light dance|dances on the walls|"
        "flickers over the {thing}|wavers|dance and flicker|flicker|trembles|jumps about|throws dancing shadows|quivers)",
        "(flickering|blinking|stuttering|sputtering|pulsing|stroboscopic|twitching|unstable|dancing|guttering|nervous|intermittent|"
        "on-and-off|quivering) (light|lights|neon|bulb|bulbs|candle|lighting|lamp|glow|firelight|illumination|tube|exposure|"
        "brightness)( over the {thing}| on the {thing}| everywhere|)",
        "(the|) (lights|light|lamps|bulbs|candles|electric lights|illumination|brightness|exposure) (stutter|stutters|flicker|"
        "flickers|blink|blinks|flash|flashes|pulse|pulses|waver|wavers|strobe|tremble|trembles|jump|go wild|come and go|"
        "cut in and out|dim and brighten|flare and fade|quiver|quivers|twitch)( on and off| nervously| like mad| again and again|"
        " wildly|)",
        "(like|as in|as from|just like) (a|an|the) (silent movie|old projector|strobe|disco|failing generator|dying bulb|"
        "film from 1910|loose wire|bad connection|campfire|thunderstorm without rain)(, the light flickers|, flickering|"
        ", light flickering)", "(strobe|strobing|disco lights|stroboscope|flicker|light flicker|firelight flicker|film flicker|"
        "luma flicker)( effect| please|)", "(flicker|blink|flash|pulse|strobe) the (light|lights|lamp|brightness|exposure)",
        "(the|) (power|voltage|electricity|current) (is unstable|fluctuates|keeps cutting out|comes and goes|"
        "drops again and again)( and the lights flicker|, the lights flicker|, flickering)",
        "(a|the) (horror film|haunted house|ghostly|spooky) (light|flicker|flickering)( of the lamps|)",
        "(lightning|flashes of lightning|sheet lightning) (flickers|flashes|flash|flicker|"
        "lights up the sky again and again)( over the {thing}| in the distance|)",
        "(add|with|give it|i want|make|use) (a |some |an unsteady |the |)(flicker|flickering|light flicker|flicker of the light|"
        "candle flicker|fire flicker|strobe)( to the light| of a fire| of candles|)",
        "(fireplace|bonfire|campfire|torch|candle) (flicker|flickering)( on the walls| on her face|)",
        "on, off, on, off( goes the light| go the lights|)",
    ),
    "bright": (
        "(crank|turn|push|pump|dial|bring|bump|whack|notch) up the (brightness|light|exposure|lights|lamps|gain|lumens|luminance)",
        "(more|extra|loads of|way more|even more|lots of|a bit more) (light|brightness|exposure|luminosity)(, i can hardly see|"
        ", it is too dark| please| in here| on the {thing}|!|)", "(it is|it's|this is|that's|far|much) too dark(, make it brighter|"
        ", more light|, brighten it|, lighten up)", "(i|we) (can hardly see|can't see) (anything|a thing|it)(, more light|"
        ", brighten it up|, make it brighter)",
        "(the|) (room|scene|{thing}|place|hall|picture|stage|street) (is|gets) (flooded|drenched|filled|awash|bathed|swamped|"
        "suffused|ablaze) with (glaring |bright |dazzling |brilliant |white |harsh |)(light|sunlight|sunshine|brightness|radiance)",
        "(blinding|dazzling|glaring|brilliant|radiant|gleaming|searing|stark|bright|crisp bright|high-key|intense|powerful|"
        "fierce) (light|sunshine|sun|sunlight|brightness|radiance|glare|whiteness|flash|lights|lighting|spotlights)( everywhere|"
        " on the {thing}| all over| from above|)",
        "(brighten|lighten|light|liven|illuminate|bleach) (it|everything|the scene|the {thing}|the place|the picture|things|this|"
        "the room|the whole frame) (up|a bit|a little|some more|more|)( please|)",
        "(make|let) (it|the {thing}|everything|the light|the scene|the image|the whole thing) (brighter|much brighter|"
        "a little brighter|lighter|really bright|super bright|shine|glow brightly|blaze|a lot lighter|as bright as possible)",
        "(stop|one stop|two stops|a stop) (up|brighter|overexposed|more exposure)", "(open|raise|increase|lift) the (aperture|"
        "exposure|shadows|iris|brightness|gamma|highlights|levels)( a stop| by one stop| a bit|)",
        "(the|) (lights|house lights|stage lights|floodlights|spotlights|headlights|ceiling lights) (come up|go up|come on at full|"
        "blaze|flare up|are turned up|shine at full power|glare)( on the {thing}|)", "(the|) (brightness|light|radiance|exposure|"
        "glow|shine) (increases|rises|swells|grows|builds|doubles|intensifies|surges|goes up|gets stronger|mounts)( and grows|"
        " more and more| until it dazzles| steadily|)", "(overexposed|blown-out|overlit|brightly lit|well lit|fully lit|high-key|"
        "sun-drenched|sunlit and bright|light-flooded|bright and airy|luminous)( scene| picture| look| image| {thing}|)",
        "(throw|pull|fling) (open|back) the (curtains|shutters|blinds)(, let the light in| and let in the light|, light floods in|"
        ")", "(let|allow) (the |more |plenty of |)(light|sunlight|sun|brightness) (in|pour in|flood in|stream in)",
        "(the|) (sun|sunlight|sunshine) (is blazing|glares|blazes down|beats down|dazzles|shines with all its might|is dazzling|"
        "is blinding|burns bright|floods the {thing})( on the {thing}| from above|)", "(so|almost|nearly) bright (that it hurts|"
        "it hurts the eyes|you need sunglasses|that one must squint|that it blinds)", "(a|the) (blaze|burst|explosion|flood|surge|"
        "torrent|sea) of (light|sunlight|brightness|white light)( over the {thing}|)", "(fade|flash|bleach|blow out) to white",
        "(lighter|brighter|brighter, brighter|light it up|brighten|brightening|full light|full brightness|"
        "maximum brightness)( please| now|!|)",
    ),
    "warm": (
        "(a|the|some|in|with|give it|add|soft|gentle|in a|bathe it in|use) (honey-coloured|honey|amber|golden|warm|orange|buttery|"
        "mellow|toasty|sun-kissed|peachy|caramel|fireside|cosy orange|rosy warm|warm yellow|coppery|autumnal|tungsten|"
        "warm evening) (light|glow|tint|tone|tones|shade|hue|shimmer|lighting|look|cast|colours|wash|mood|palette|grade)",
        "(warmer|warm|a warmer|raise the|a higher|tungsten) (white balance|colour temperature|color temperature|grade|grading|"
        "colour grade)", "(warm|heat) (it|things|everything|the picture|the scene|the colours|the tones|the image|the whole thing|"
        "this) up( a bit| a little| some| with gold| with orange|)",
        "(make|let|turn) (the|this|our|) (light|lighting|room|scene|picture|mood|colours|image|tones|{thing}|it) (warm|warmer|"
        "golden|cosy|cosier|amber|more orange|glow golden|honey-coloured|feel warm|look warm|a bit warmer|more inviting and warm)",
        "(like|as) (by|beside|near|in front of|at) (a|the) (fireside|fireplace|open fire|hearth|log fire)(, warm light|"
        ", a warm glow|, golden light|, warm tones)", "(push|shift|grade|tint|pull|move) (the|) (colours|picture|tones|image|"
        "white balance|grade|everything) (towards|to|into) (orange|gold|amber|yellow|warm|the warm side|warmer tones)",
        "(the|) (light|sunlight|lighting|glow|room|scene|whole picture) (takes on|gets|has|acquires|is given) (a|an) (warm|golden|"
        "amber|orange|cosy|honeyed|mellow|sunny yellow) (tone|hue|tint|colour|cast|glow|tinge|shade)",
        "(everything|the {thing}|all|the whole scene) (glows|shines|gleams|is painted|is tinted|turns|is washed|shimmers) (in |"
        ")(gold|golden|amber|orange|warm colours|warm gold|honey|warm tones)", "(golden|warm|mellow|amber) (sunlight|sun|sunshine|"
        "lamplight colours|rays|beams|light)( pours over the {thing}| lies on the {thing}| warms the {thing}| falls on the {thing}|"
        " wraps the {thing}| everywhere|)", "(a|the|some) (feeling|touch|hint|breath|sense|mood|note|dash) of (warmth|warm light|"
        "gold|amber light|golden light)( in the light| in the colours|)",
        "(cosy|warm|homely|snug|inviting|hygge|golden) (atmosphere|mood|ambience|lighting|vibes|feeling|light)",
        "(3200|2700) ?k( light| warm|)", "(use|put|slide in) (an orange|a warm|an amber|a cto) (gel|filter)",
        "(sepia|honey|gold|amber) (warmth|glow)( in the light|)", "(warm light|warm tones|warm colours|gold light|"
        "golden light), (please|as if from a fire|cosy|inviting)",
    ),
    "cold": (
        "(a|the|some|in|with|give it|add|harsh|in a|bathe it in|use) (steely blue|steel blue|steely|icy|ice-cold|cold|frosty|"
        "frigid|bluish|blue|chilly|cool|pale blue|glacial|clinical|sterile blue|wintry blue|polar|nordic|arctic|moonlit blue|"
        "cold white|teal|cyan|metallic) (light|glow|tint|tone|tones|shade|hue|shimmer|lighting|look|cast|colours|wash|mood|palette|"
        "grade)", "(cooler|cool|a cooler|a colder|colder|lower the|bluer) (white balance|colour temperature|color temperature|"
        "grade|grading|colour grade)", "(cool|chill) (it|things|everything|the picture|the scene|the colours|the tones|the image|"
        "the whole thing|this) (down|off)( a bit| a little| some| with blue| to blue|)",
        "(cool|chill|colder|bluer|cooler|icier) (the light|the colours|the tones|light|colours|tones|hues|shades)( down| a bit|"
        " please|)",
        "(make|let|turn) (the|this|our|) (light|lighting|room|scene|picture|mood|colours|image|tones|{thing}|it) (icy|cold|colder|"
        "blue|bluish|bluer|cooler|frosty|steely|chilly|glow blue|feel cold|look cold|a bit colder|like ice)",
        "(like|as) (in|inside|under|from) (a|an|the) (morgue|fridge|refrigerator|ice cave|freezer|hospital corridor|"
        "operating theatre|glacier|aquarium)(, cold light|, a cold glow|, blue light|, cold tones)",
        "(push|shift|grade|tint|pull|move) (the|) (colours|picture|tones|image|white balance|grade|everything) (towards|to|"
        "into) (blue|cyan|teal|cold|the cold side|cooler tones|the cool side)",
        "(the|) (light|moonlight|lighting|glow|room|scene|whole picture) (takes on|gets|has|acquires|is given) (a|an) (cold|blue|"
        "bluish|icy|cool|steely|chilly|frosty|bleak blue) (tone|hue|tint|colour|cast|glow|tinge|shade)",
        "(everything|the {thing}|all|the whole scene) (glows|shines|gleams|is painted|is tinted|turns|is washed|shimmers) (in |"
        ")(blue|icy blue|steel blue|pale blue|cold blue|cold colours|cold tones|cyan)",
        "(cold|icy|pale|blue|steely|wintry|harsh cold) (moonlight|light|sun|winter light|daylight|neon light|rays|"
        "beams)( pours over the {thing}| lies on the {thing}| chills the {thing}| falls on the {thing}| wraps the {thing}|"
        " everywhere|)", "(a|the|some) (feeling|touch|hint|breath|sense|mood|note|dash) of (cold|cold light|ice|blue light|frost|"
        "icy light)( in the light| in the colours|)", "(cold|icy|chilly|wintry|frosty|clinical|bleak) (atmosphere|mood|ambience|"
        "lighting|vibes|light|colours)", "(7000|8000|9000|6500) ?k( light| cold|)",
        "(use|put|slide in) (a blue|a cold|a ctb|a cyan) (gel|filter)", "the (warmth|warm light|gold) (leaves|drains|"
        "fades) (from the picture|from the light|from the scene)(, it turns cold|, cold light|, blue light)",
        "(the|) (light|colour|colours|tones) (freezes|freeze|turns to ice|turn to ice|chills|chill|cools|cool|cools down|goes blue|"
        "go blue|becomes like ice)( to blue|)", "(cold light|cold tones|cold colours|blue light|blue tones|icy light), (please|"
        "as in winter|clinical|bleak|as from the moon)",
    ),
}
"""Phrases that ask for each light."""
