"""Everyday and technical ways to ask for a camera move, beside the verbs and directions of `camera_words`.

Words of drone pilots, gamers, stage hands and people who know no trade's words at all. A name in braces stands for words of
`wordings`, brackets hold alternatives; {d} is left or right, {o} the opposite. Only the reader of words learns from them.
"""

from __future__ import annotations

from studio.lab.world.zoom_sayings import ALONG

SIDE = (
    "(follow|track|accompany|stay with|keep up with|trail) {who} to the {d}", "(the camera|we|the shot) (tracks|tracking|following|"
    "follows|goes along with) {who} to the {d}", "(pan|move|glide|drift|slide|travel) with {who} to the {d}",
    "{who} (walks|runs|drives|goes|rides) to the {d} and (the camera follows|we follow|the camera goes along|the view follows)",
    "(what's|what is) (over there |)(on|to) the {d}( side|)?( show me| let me see| look!|)",
    "(show|let) (me|us) (see |)(what is|what's|the things|everything|more of what is|whatever is) (on|to|over on) the {d}( side|"
    " of the {thing}|)", "(i|we) (want|need|would like) to (see|look at|know) (what is on|what happens on|more of|the things on|"
    "what is to) the {d}( side|)",
    "(eyes|head|view|camera|gaze|cam|pov|lens|frame|picture) (to the |)({d}|{d}|{d}wards)( please|!|, please| now|)",
    "(yaw|strafe|slew|traverse|truck|crab|slide|scroll|swipe|pano|translate|ptz pan|cam pan|trolley|sidestep|side-step|gimbal|"
    "orbit a bit|shuffle|sidle) (the camera |)({d}|to the {d}|{d}wards|over to the {d})",
    "(camera|the camera|cam|the drone|drone|gimbal|steadicam) (yaws|strafes|slews|traverses|trucks|crabs|slides|scrolls|turns|"
    "banks|veers|rotates|sidesteps|drifts|flies|sails|sidles|pivots) ({d}|to the {d}|{d}wards|over to the {d})( past the {thing}|)",
    "(a|one|the|) (lateral|sideways|horizontal|side-to-side|sidelong|panoramic|sliding|slider|trucking|crabbing|steadicam|drone|"
    "travelling|traveling) (move|shot|pan|slide|track|travelling|sweep|tracking shot|movement|drift) (to the {d}|{d}|{d}wards|"
    "from {o} to {d}|towards the {d})( along the {thing}|)", "(a|the|) (panning|tracking|travelling|trucking|sliding) shot(,|"
    ") (from |){o} to {d}( past the {thing}| along the {thing}|)", "{o}( |-)to( |-){d} (pan|sweep|slide|tracking shot|scan|"
    "movement|panning shot|glide)", "(start|begin) (on|at|with) the {o} and (end|finish|stop|arrive) (on|at) the {d}",
    "(travelling|traveling|tracking|panning|trucking|sliding|drifting|gliding|moving|looking|turning|floating|sweeping|heading|"
    "wandering|swinging|rolling|cruising|strolling|meandering) ({d}|to the {d}|{d}wards|off to the {d}|over to the {d}|"
    "along the {thing} to the {d})", "(turn|move|swivel|rotate|crane|twist) (your|the|our) (head|eyes|neck|gaze) (to the |"
    "){d}( please| now|)", "(look|glance|peek|peer) over (your|the|our) {d} shoulder",
    "(take|bring|lead|show|guide|carry|drag|float|walk) (us|me|the viewer|the audience|our eyes|the eye) (over |off |round |"
    ")to the {d}( side| of the {thing}| end of the {thing}|)",
    "(nudge|shove|budge|drag|slide|push|turn|swing|swivel|tow|coax|point|aim|steer|pivot|spin|rotate|shift) (the |your |our |my |"
    "this |)(camera|cam|view|lens|frame|shot|gimbal|viewpoint|tripod head|pov|viewfinder) ({d}|{d}wards|to the {d}|over to the {d}|"
    "round to the {d})( a bit| a little|)", "(could|can|would|will) (you|we|the camera|i) (please |)(pan|look|wander|go|turn|move|"
    "drift|swing|glance|stroll|travel|slide|head) (over |)(to the {d}|{d})(-hand side|)(, please|, maybe|)?",
    "(let's|let us|now let's|shall we|why don't we) (head|go|wander|drift|stroll|look|move|swing|turn|float|cruise|slide|travel|"
    "carry on) ({d}|to the {d}|over to the {d})( along the {thing}| past the {thing}| for a while|)",
    "(pan|go|turn|look|slide|move|drift) ({d}|to the {d})(,|) (and see what is there|until the {thing} comes into view|"
    "until we see the {thing}|along the {thing}|across the whole {thing}|past {who}|over {who})",
    "(the|our) (camera|view|eye|gaze|shot|picture|lens|observer|cameraman|operator|cinematographer|audience|spectator) (wanders|"
    "strolls|rambles|meanders|sails|ambles along|cruises|coasts|moves on|goes|is carried|is led|is drawn|skims|leans|bends|tends|"
    "heads|slides away|moves sideways|glides along the {thing}|{odd}s) (to the {d}|{d}|{d}wards|off to the {d}|over to the {d})",
    "(camera|cam|pan|move|direction|motion)(:|=| =| -|) (pan |move |)(to the |){d}",
    "pan(-|_){d}", "(keep|go on|continue|carry on|keep on) (going |panning |moving |turning |)(to the {d}|{d}|{d}wards)",
    "(now|then|and|next|first) (to the |over to the |)({d}|{d}, please|{d} again|{d} a bit)",
    "(a bit|a little|somewhat|much|far|further|more|still further) (more |)(to the {d}|{d})( please|)",
    "(quarter|half) (turn|rotation) (to the |){d}", "({odd}|meander|saunter|waltz|trundle|hop|skate|surf|breeze|tiptoe|amble|coast|"
    "cruise|skim|angle|bank) (to the {d}|over to the {d})", "(along|across|past) the {thing}, {o} to {d}",
    "(reveal|uncover|discover|explore|survey|scan) (the {thing}|the room|the scene|everything) from {o} to {d}",
)
SAILORS = {"left": ("(turn|hard|look|go|swing|pan|steer) to port", "(look|turn|pan|swing) (to|towards) (your|the) nine o'clock",
    "anticlockwise turn to the left"),
           "right": ("(turn|hard|look|go|swing|pan|steer) to starboard", "(look|turn|pan|swing) (to|towards) (your|"
           "the) three o'clock", "clockwise turn to the right")}
SAYINGS: dict[str, tuple[str, ...]] = {
    **ALONG,
    "up": (
        "(the|our|a|) (drone|camera drone|quadcopter|helicopter|camera) (gains|gaining|takes|wins) (height|altitude)",
        "(drone|camera|cam|gimbal|crane|jib|boom|pedestal|elevator|lift|aerial|the drone|steadicam) (up|rises|rising|ascends|"
        "ascending|climbs|climbing|goes up|lifts off|takes off|soars|moving up|upwards|higher|up up up)( over the {thing}|"
        " above the {thing}| past the {thing}| please|)", "(gain|win) (height|altitude)",
        "(lift|take) off( from the ground| into the air| vertically|)", "(pitch|nose|throttle|ped|pedestal|jib|boom|crane|scroll|"
        "swipe|tilt|head|eyes|chin|pan|look|lens|view|gaze|camera|cam|fly|float|angle|lens pointed) up(wards|ward|, please|"
        " to {high}| along {tall}| the {thing}|)",
        "(let|make|have|watch) (the|our|your|my) (eye|eyes|gaze|view|glance|camera|lens|shot|look) (climb|rise|wander up|travel up|"
        "go up|soar|ascend|mount|move up|float up|glide up|drift up|scale|follow|run up|stray up) (the {thing}|{tall}|to {high}|"
        "towards {high}|to the very top|along {tall} to the top)", "(show|give) (me|us) (the ceiling|the sky|what's up there|"
        "what is up there|what hangs above|the top of {tall}|the treetops|the stars above|the roof|what is over our heads|"
        "the upper part|{high})", "(what's|what is) (up there|above us|overhead|over our heads|above the {thing}|"
        "at the top of {tall})?( show me| let me see| look!|)", "(raise|lift|turn|cast|direct|crane|tip|tilt) (your|our|the|"
        "his camera's) (eyes|head|gaze|chin|neck|sights|look|view) (up|skyward|skywards|to {high}|towards {high}|upwards|"
        "heavenwards|to the sky)",
        "(a|one|the|) (crane|jib|boom|drone|pedestal|elevator|rising|ascending|vertical|upward|climbing|aerial|helicopter|"
        "bottom-to-top|upwards) (shot|move|movement|tilt|pan|ascent|track|sweep|travelling|drift|"
        "tracking shot) (rising above the {thing}|going up|upwards|upward|up|skyward|up {tall}|up to {high}|over the roofs|"
        "into the sky|to the top)", "(rise|ascend|climb|soar|levitate|float|hover|mount|scale|go|head|fly|drift|spiral|travel|"
        "balloon) (up|upward|upwards|skyward|higher|into the air|into the sky|above the {thing}|over the {thing}|to {high}|"
        "up {tall}|up past the {thing}|up and up)", "(from|start at|begin at|starting at) (the bottom|the ground|the floor|{low}|"
        "the feet|her shoes|the roots|the base) (and go up |and move up |and end at |up |)to (the top|{high}|the ceiling|the head|"
        "the crown|the tip)", "(bottom|foot|toe|base|floor)( |-)to( |-)(top|head|ceiling|roof|summit)( tilt| pan| move|)",
        "(look|gaze|glance|peer|peek|stare|squint|blink) (up|upwards|up high|skywards|heavenwards|at {high}|up at {high}|overhead|"
        "up there|above)( please| now| with me|)", "(looking|tilting|craning|rising|gazing|climbing|moving|floating|ascending|"
        "panning|lifting|soaring|peering|drifting) (up|upward|upwards|skyward|up {tall}|up to {high}|up the {thing}|"
        "towards {high})", "(higher|further up|upwards|upward|up|skyward|up we go|up, up and away|upsy-daisy, camera|to the top|"
        "all the way up|up a bit|a little higher)( please| with the camera|!| now|)",
        "(nudge|shove|push|turn|swing|point|aim|angle|tip|crank|pull|hoist|raise|jack|bring|tilt) (the |your |our |my |this |"
        ")(camera|cam|view|lens|frame|shot|gimbal|viewpoint|tripod head|pov) (up|upward|upwards|to {high}|skyward|higher|"
        "towards {high})( a bit| a little|)", "(our|the) (gaze|eyes|view|camera|shot|glance|lens|perspective|look) (climbs|wanders|"
        "travels|rises|floats|scales|goes|moves|glides|runs|creeps on|lifts|{odd}s) (up {tall}|up to {high}|up the {thing}|upwards|"
        "skyward|up towards {high}|up into {high})", "(let's|let us|now let's|shall we|why don't we) (rise|go up|look up|climb|"
        "float up|ascend|head up|soar|see what is above)( over the {thing}| to {high}| up {tall}|)",
        "(camera|cam|move|direction|motion|tilt)(:|=| -) (tilt |move |)up", "tilt(-|_)up",
        "(could|can|would|will) (you|we|the camera) (please |)(look up|tilt up|go up|rise|go higher|move up|climb)( to {high}|"
        ")(, please|)?",
    ),
    "down": (
        "(the|our|a|) (drone|camera drone|quadcopter|helicopter|camera) (loses|losing|gives up) (height|altitude)",
        "(drone|camera|cam|gimbal|crane|jib|boom|pedestal|elevator|lift|aerial|the drone|steadicam) (down|sinks|sinking|descends|"
        "descending|drops|dropping|goes down|comes down|lowers|lands|touches down|moving down|downwards|lower|"
        "down down down)( over the {thing}| to the {thing}| past the {thing}| please|)", "(lose|give up) (height|altitude)",
        "(come|get) (back |)down( to earth| to the ground| from up there| a bit|)",
        "(pitch|nose|ped|pedestal|jib|boom|crane|scroll|swipe|tilt|head|eyes|chin|pan|look|lens|view|gaze|camera|cam|fly|float|"
        "angle|lens pointed) down(wards|ward|, please| to {low}| along {tall}| the {thing}|)",
        "(let|make|have|watch) (the|our|your|my) (eye|eyes|gaze|view|glance|camera|lens|shot|look) (drop|fall|sink|wander down|"
        "travel down|go down|descend|slide down|move down|float down|glide down|drift down|slip down|run down) (the {thing}|{tall}|"
        "to {low}|towards {low}|to the very bottom|along {tall} to the bottom)", "(show|give) (me|us) (the floor|the ground|"
        "what's down there|what is down there|what lies below|the bottom of {tall}|our feet|the carpet|what is under our feet|"
        "the lower part|{low})", "(what's|what is) (down there|below us|underneath|under our feet|beneath the {thing}|"
        "at the bottom of {tall})?( show me| let me see| look!|)", "(lower|drop|turn|cast|direct|bend|tip|tilt|bow) (your|our|the|"
        "the camera's) (eyes|head|gaze|chin|sights|look|view) (down|groundwards|earthwards|to {low}|towards {low}|downwards|"
        "to the floor)",
        "(a|one|the|) (crane|jib|boom|drone|pedestal|elevator|sinking|descending|vertical|downward|falling|aerial|helicopter|"
        "top-to-bottom|downwards) (shot|move|movement|tilt|pan|descent|track|sweep|travelling|drift|tracking shot) (coming down|"
        "going down|downwards|downward|down|earthward|down {tall}|down to {low}|to street level|to the ground|to the bottom)",
        "(sink|descend|drop|float|fall|go|head|slide|fly|drift|spiral|travel|glide|dip|come|settle|slip) (down|downward|downwards|"
        "earthward|lower|to the ground|out of the sky|to street level|onto the {thing}|to {low}|down {tall}|down past the {thing}|"
        "down and down)", "(from|start at|begin at|starting at) (the top|{high}|the ceiling|the head|the crown|the tip|"
        "the sky) (and go down |and move down |and end at |down |)to (the bottom|the ground|the floor|{low}|the feet|her shoes|"
        "the roots|the base)", "(top|head|roof|ceiling|summit)( |-)to( |-)(bottom|toe|foot|floor|base)( tilt| pan| move|)",
        "(look|gaze|glance|peer|peek|stare|squint) (down|downwards|down low|at your feet|at our feet|at {low}|down at {low}|"
        "beneath us|down there|below)( please| now| with me|)", "(looking|tilting|craning|sinking|gazing|dropping|moving|floating|"
        "descending|panning|lowering|falling|peering|drifting) (down|downward|downwards|earthward|down {tall}|down to {low}|"
        "down the {thing}|towards {low})", "(lower|further down|downwards|downward|down|earthward|down we go|down a bit|"
        "to the bottom|all the way down|a little lower|deeper down)( please| with the camera|!| now|)",
        "(nudge|shove|push|turn|swing|point|aim|angle|tip|crank|pull|dip|lower|bring|tilt|let) (the |your |our |my |this |)(camera|"
        "cam|view|lens|frame|shot|gimbal|viewpoint|tripod head|pov) (down|downward|downwards|to {low}|earthward|lower|"
        "towards {low})( a bit| a little|)", "(our|the) (gaze|eyes|view|camera|shot|glance|lens|perspective|look) (drops|wanders|"
        "travels|sinks|floats|falls|goes|moves|glides|runs|slips|lowers|{odd}s) (down {tall}|down to {low}|down the {thing}|"
        "downwards|earthward|down towards {low}|down onto {low})", "(let's|let us|now let's|shall we|why don't we) (sink|go down|"
        "look down|come down|float down|descend|head down|see what is below)( to {low}| down {tall}|)",
        "(camera|cam|move|direction|motion|tilt)(:|=| -) (tilt |move |)down", "tilt(-|_)down",
        "(could|can|would|will) (you|we|the camera) (please |)(look down|tilt down|go down|sink|go lower|move down|"
        "come down)( to {low}|)(, please|)?", "(like|as) a (leaf|feather|stone) the (camera|view|shot) (falls|sinks|"
        "drops)( to {low}|)",
    ),
    "shake": (
        "(jittery|wobbly|shaky|rough|raw|trembling|unsteady|nervous|bouncy|jumpy|restless|amateurish|wavering) (handycam|handheld|"
        "hand-held|camcorder|phone|smartphone|gopro|camera|shoulder-cam|cam|operator's|home video|reporter's|bodycam|"
        "action cam) (look|footage|feel|style|shot|shots|camera|video|vibe|movement|filming|picture)",
        "(like|as in|as if it were|as|in the style of) (footage|a video|a clip|pictures|a film|something|a recording) (from|by|"
        "shot by|filmed by|made by|taken by) (a|an|some) (running reporter|war reporter|amateur|tourist|nervous cameraman|witness|"
        "shaky hand|trembling hand|drunk cameraman|hand-held camera|smartphone in the hand|handheld camera|shaky phone|"
        "passer-by with a phone|documentary crew)", "(the|our|my|) (camera|picture|image|frame|shot|view|footage|lens|"
        "cam) (quivers|quakes|shudders|jolts|jerks|trembles|wobbles|shakes|judders|rocks|sways|bumps|jumps|twitches|rattles|"
        "vibrates|joggles|jiggles|bounces|is jolted|is shaken|is jostled|never comes to rest|is not steady|cannot keep still|"
        "is hand-held|is handheld|is unstable|is restless)( as if handheld| a little| all the time| with every step| constantly|"
        " nervously| like in an earthquake| in the hand|)", "(make|let) (it|the camera|the picture|the shot|the view|the image|"
        "everything) (wobble|shake|tremble|judder|jitter|shaky|wobbly|look handheld|feel handheld|look hand-held|quiver|"
        "sway like handheld|unsteady|jiggle|jittery)( as if handheld| a bit| like a documentary|)",
        "(hand held|handheld|hand-held|shakycam|shaky-cam|shaky cam|run and gun|run-and-gun|vérité|verite|cinema verite|dogme 95|"
        "dogma style|blair witch|found-footage|bodycam|gopro|jitter cam|wobble cam|queasy cam|freehand)( style| look| feel| camera|"
        " shot| please| footage|, shaky|)", "(earthquake|tremor|explosion|impact|rumble) (camera shake|shakes the camera|"
        "shakes the picture|shake of the camera)", "(no|without a|without) (tripod|stabiliser|stabilizer|stabilisation|gimbal|"
        "steadicam)(, shaky|, handheld|, wobbly|, filmed by hand)", "(carried|held|filmed|shot|hand-filmed|taken) (in|by|from|"
        "on) (the hand|hand|shaky hands|the shoulder|a moving hand|my trembling hands|a phone by hand)(, unsteady|, wobbly|)",
        "(add|with|give it|i want|use|some|a little|put in) (some |a |a little |a bit of |lots of |slight |)(camera shake|"
        "handheld shake|wobble|jitter|handheld feel|hand shake of the camera|shakiness|unsteadiness|tremble|trembling|"
        "camera tremor|handheld motion|handheld sway)( please| to the camera| to the picture|)",
        "(shake|jiggle|wiggle|rattle|wobble|jolt|judder) (the|your|our) (camera|cam|picture|frame|view|image|lens|shot)( a bit|"
        " around| a little| nervously|)", "(breathing|living|walking|running) (camera|handheld camera)( that shakes| with shake|"
        ", handheld|, shaky)",
    ),
    "hold": (
        "(nobody|no one|do not|don't|never|you must not|please don't|don't you) (moves|move|touch|touches|budge|budges|turn|swing|"
        "shift|bump) the (camera|frame|tripod|view|shot)", "(keep|leave|hold|freeze|lock|fix|nail|glue|pin|preserve|"
        "maintain) (the |this |our |)(framing|frame|camera|shot|view|composition|picture|viewpoint|angle|perspective|"
        "position) (exactly like this|just so|as it stands|right there|down|in its place|as is|where it is|to the spot|unchanged|"
        "like that|fixed|steady|exactly as it is|absolutely still|dead still|rigid)", "(the|our) (camera|view|frame|shot|picture|"
        "lens|tripod) (stays|is|remains|sits|stands) (glued|bolted|nailed|fixed|rooted|locked|screwed|riveted|pinned) (to its spot|"
        "to the spot|to the floor|in place|down|where it is|on the {thing}|tight)", "(nothing|not a thing|no one|nobody) (moves|"
        "stirs|budges|happens)(, we only watch|, we just look|, just watch|, still frame| at all|)",
        "(we|i) (just|only|simply|quietly|) (watch|look|observe|stay and look|contemplate|stand and stare|wait and watch|"
        "do nothing but look|sit and watch)( in silence| for a while| without moving|)",
        "(just|only|simply) (watch|look|observe|stay|wait|hold|contemplate|let it be|be there)( please| for a while|)",
        "(static|still|fixed|locked|motionless|unmoving|stable|rigid|sticks|tripod|locked-down|nailed-down|rock-steady|immobile|"
        "dead still)(,| and|) (static|still|fixed|camera|shot|frame|no movement|nothing moves|held|composition|wide shot|close-up)",
        "(camera|cam|move|motion|movement)(:|=| -) (none|static|still|hold|fixed|off|no|locked|0|zero)",
        "(no|without|zero|not any) (panning|zooming|tilting|camerawork|drift|shaking|pans or zooms|pans, no zooms|dolly|"
        "camera action|travelling|push-in)( please| at all|, still camera|)", "(on|with the camera on|from) (sticks|legs|"
        "the tripod|a solid tripod|a stand|a fixed mount)", "(tableau|tableau shot|still life shot|postcard shot|a living painting|"
        "like a photograph|like a painting|as on a photograph|freeze-frame|freeze frame|stand still please|don't you dare move|"
        "halt|standby|at ease|keep calm and hold)", "(stay|remain|linger|dwell|wait|pause|rest|keep|stop|sit|hold) (on|with|at|by|"
        "in front of) (the {thing}|{face}|this|it|this view|this image)( for a while| a moment longer| please|)",
        "(the camera|the view|the shot|we) (makes|make) no (move|movement|motion)",
        "(security camera|surveillance camera|webcam) (view|shot), (static|fixed|still)",
        "(let|have) the (camera|shot|frame) (sit|stand|rest|be|stay|hold|wait|linger)( there| still| on the {thing}| where it is|)"
    ),
}
"""Whole phrases that ask for each camera, but for the pans to a side."""
