"""Everyday and technical ways to ask for a zoom or a dolly, beside `camera_words` and in the form of `camera_sayings`."""

from __future__ import annotations

ALONG: dict[str, tuple[str, ...]] = {
    "in": (
        "zoom(ing|) (right |way |all the way |deep |straight |further |even |close |a bit |)(in|into the {thing}|in on the {thing}|"
        "in on {face}|in to {face}|into the picture|in close|onto the {thing}|into the detail|closer)( please| now|, will you|)",
        "(zoom|zoom zoom|zoomin|zoooom in|zoom-in|zoom +|zoom plus|zoom 2x|zoom x2|zoom 200%|zoom to 100mm|zoom from 35 to 85 mm|"
        "zoom all the way to the {thing}|zoom up|zoom forward|zoom tight|zoom inside)( please| now| on the {thing}|!|)",
        "(get|give|bring|show) (me|us) (a |an |some |)(tighter|closer|bigger|larger|stronger|tight|enlarged|magnified) (zoom|crop|"
        "shot of the {thing}|view of the {thing}|picture of the {thing}|framing|detail|image of {face}|frame)( on the {thing}|"
        " on {face}|)", "(a|go to a|use a|switch to a|) (longer|long|tele|telephoto|bigger|tighter) (focal length|lens|zoom|"
        "framing|crop)( on the {thing}| on {face}|)", "(go|going|lens goes|the lens goes) (tele|telephoto|tight|long|"
        "from wide to tele|from wide to tight|from wide to close|from the long shot to the close-up|"
        "from total to detail)( with the lens| with the zoom|)",
        "(magnify|enlarge|blow up|scale up|embiggen|upscale|expand|increase) (it|the {thing}|{face}|the middle|the detail|"
        "this part|that part|the centre|the picture|everything)( twofold| a bit| to twice its size| please|"
        " until it fills the screen|)", "(fill the frame with|fill the picture with|crop to|crop in on|crop tight on|tighten on|"
        "tighten up on|punch in on|close in with the lens on|frame tighter on|home in on|narrow down to|focus in on|"
        "single out) (the {thing}|{face}|the middle|a detail|the detail)", "(the|our) (lens|zoom|focal length|zoom lens|optic|"
        "framing|crop|frame) (tightens|narrows|zooms|zooms in|gets tighter|pushes to tele|moves in tight|gets longer|closes in|"
        "goes in|reaches out to the {thing}|pulls the {thing} close|magnifies)( on the {thing}| on {face}| on the middle|)",
        "(make|let) (the {thing}|it|{face}|the detail|the middle|this) (bigger|larger|huge|fill the frame|grow in the frame|"
        "fill the whole picture|twice as big)( with the zoom| with the lens| please|)",
        "(through|as through|like through) (a magnifying glass|binoculars|a telescope|a loupe|a spyglass)(, closer|, bigger|"
        ", zooming in)", "(the {thing}|{face}|the middle|the detail) (grows|gets bigger|becomes larger|gets larger|grows bigger|"
        "fills more and more) (in|of) the (frame|picture|viewfinder|lens|image)( as we zoom|)",
        "(ken burns|kenburns)( effect|) (in|inwards|zoom in|, zooming in|, in)",
        "(rack|push|pull|turn|twist|roll|crank|drive) the (zoom|lens|zoom ring|focal length) (in|to tele|forward|all the way in|"
        "longer|to a close-up)", "(optical|digital|lens|slow-free|steady|dramatic|cinematic|simple|classic|tight|detail|center|"
        "centre|central) (zoom|magnification|enlargement|zoom-in)( in| on {face}| on the {thing}| into the centre|)",
        "(from|starting) (a |)(wide|total|the wide shot|a long shot|full view|the whole {thing}) (to|and zoom to|"
        "and ending in) (a |)(close-up|close|detail|tight close-up|macro|the detail)( of the {thing}| of {face}|)",
        "(increase|raise|boost|up|crank up) the (zoom|magnification|zoom level|focal length|zoom factor)( please| a bit|)",
        "(could|can|would|will) (you|we|the camera) (please |)(zoom in|zoom into the {thing}|enlarge that|magnify it|"
        "zoom closer)(, please| on the {thing}|)?", "(camera|cam|move|motion|zoom)(:|=| -) (zoom |)in", "zoom(-|_|)in",
        "(pinch|spread two fingers) to (zoom in|enlarge|magnify)", "(the camera|camera|we|cam|the shot|the operator|"
        "the view) (zooms|zoom|zooming|is zooming|zoomed|starts zooming|keeps zooming|will zoom|should zoom) (in|into the {thing}|"
        "in on {face}|in closer|right in|in tight|in on the {thing}|towards the {thing}|further in)",
    ),
    "out": (
        "zoom(ing|) (right |way |all the way |far |further |even |a bit |slightly |)(out|back|back out|out wide|out again|"
        "out of the {thing}|out from {face}|away|wider|away from the {thing}|out and out)( please| now|, will you|)",
        "(unzoom|un-zoom|dezoom|de-zoom|zoom off|zoomout|zoooom out|zoom-out|zoom -|zoom minus|zoom 0.5x|zoom to 50%|zoom to wide|"
        "zoom to 24 mm|zoom from 85 to 35 mm|zoom back|reverse zoom|zoom in reverse|inverse zoom|backward zoom|outzoom|demagnify|"
        "anti-zoom|zoom the other way, out)( please| now| the picture| the view| from the {thing}|!|)",
        "(unzooming|dezooming|un-zooming|zooming out|zooming away)( from the {thing}| from {face}| to the whole {thing}|)",
        "(get|give|bring|show) (me|us) (a |an |some |)(wider|broader|looser|larger|wide|total) (view|crop|shot of the {thing}|"
        "angle|framing|frame|field of view|lens|picture of it all)( of the {thing}| of everything| please|)",
        "(a|go to a|use a|switch to a|) (shorter|wider|wide-angle|short|broader) (focal length|lens|framing|field of view|"
        "crop)( on the {thing}| please|)",
        "(go|going|lens goes|the lens goes|cut loose and go|get) (wide|wider|to wide|from tele to wide|from tight to wide|"
        "from close to wide|from the close-up to the long shot|from detail to total|wide-angle)( with the lens| with the zoom|"
        " please|)", "(widen|loosen|broaden|open|expand|extend|enlarge|stretch) (the |our |)(framing|frame|shot|field of view|"
        "angle|view|crop|horizon|lens|composition|picture's edges|angle of view)( a bit| up| more| until we see all of the {thing}|"
        " please|)", "(show|see|let me see|let us see|reveal|take in|give us|i want to see) (the whole|the entire|all of the|"
        "more of the) ({thing}|scene|stage|picture|surroundings|place|view|setting|situation|landscape)( around {face}|"
        " by zooming out| in a wide shot| please|)", "(the|our) (lens|zoom|focal length|zoom lens|optic|framing|crop|frame|"
        "field of view|angle) (widens|loosens|zooms out|opens up|goes wide|gets wider|pulls to wide|gets shorter|zooms back|"
        "broadens|expands|becomes wider)( to show the {thing}| to the whole {thing}| and shows everything|)",
        "(make|let) (the {thing}|it|{face}|everything|the middle|this) (smaller|tiny|shrink in the frame|look small|half as big|"
        "get smaller in the frame)( with the zoom| with the lens| please|)", "(shrink|scale down|reduce|downscale|minimise|"
        "minimize) (it|the picture|the {thing}|everything|the image|the middle)( a bit| by half| please| in the frame|)",
        "(the {thing}|{face}|the middle|everything) (shrinks|gets smaller|becomes smaller|grows smaller|becomes tiny) (in|"
        "within) the (frame|picture|viewfinder|lens|image)( as we zoom out|)", "(ken burns|kenburns)( effect|) (out|outwards|"
        "zoom out|, zooming out|, out)", "(rack|push|pull|turn|twist|roll|crank|drive) the (zoom|lens|zoom ring|focal length) (out|"
        "to wide|back|all the way out|shorter|to a wide shot)", "(optical|digital|lens|dramatic|cinematic|simple|classic|wide|"
        "inverse|reverse|backwards|outward) (zoom out|zoom-out|zoom out to the {thing}|zoom-out from the {thing})",
        "(from|starting) (a |)(close-up|close|detail|tight|macro|tight close-up|the detail|{face}) (to|and zoom to|"
        "and ending in) (a |)(wide|total|wide shot|long shot|full view|the whole {thing}|the total)",
        "(decrease|reduce|lower|turn down|drop) the (zoom|magnification|zoom level|focal length|zoom factor)( please| a bit|)",
        "(could|can|would|will) (you|we|the camera) (please |)(zoom out|unzoom|widen the view|zoom back|"
        "show more around it)(, please| from the {thing}|)?", "(camera|cam|move|motion|zoom)(:|=| -) (zoom |)out", "zoom(-|_|)out",
        "pinch to (zoom out|shrink|see it all)", "(the camera|camera|we|cam|the shot|the operator|the view) (zooms|zoom|zooming|"
        "is zooming|zoomed|starts zooming|keeps zooming|will zoom|should zoom|unzooms|unzoom|dezooms) (out|back out|"
        "out of the {thing}|out wide|out from {face}|out to the whole {thing}|all the way out)",
        "(not so close|less close|too close|that is too tight|too tight)(, zoom out|, wider|, go wider|, widen the frame|, unzoom)",
        "(bigger|larger) (picture|view|field of view)(, zoom out|: zoom out|, wider please)",
    ),
    "dolly in": (
        "(roll|wheel|push|move|drive|trolley|bring|send|carry|shove|fly|steer) the (camera|dolly|cart|drone|steadicam|gimbal|"
        "trolley|cam) (forward|forwards|ahead|in|closer|towards the {thing}|up to the {thing}|closer to the {thing}|"
        "into the {thing}|through the {thing})( on its tracks| on rails|)", "(the|our|a|) (drone|steadicam|gimbal|camera drone|"
        "camera|cam|dolly|helicopter|quadcopter|cameraman|operator|first-person view|pov) (heads|goes|moves|flies|walks|rolls|"
        "pushes|travels|glides|ventures|marches|advances|drives|presses on|sails|floats|strides|trundles|{odd}s|wanders|steers|"
        "makes its way|proceeds) (straight for the {thing}|forward|forwards|ahead|in|in on the {thing}|towards the {thing}|"
        "up to the {thing}|into the {thing}|through the {thing}|straight ahead|closer|in on {face}|deeper into the {thing}|onward|"
        "toward the {thing})", "(go|move|push|press|walk|carry|march|travel|fly|drive|sail|step|head|venture|plough|forge|"
        "keep going|stride|continue|proceed|roll|wade|{odd}) (on|ahead|forward|onward|onwards|straight ahead|further in|forwards|"
        "in)( into the {thing}| towards the {thing}| to the {thing}| through the {thing}| down the {thing}| along the {thing}|"
        " past {who}|)",
        "(enter|walk into|step into|go into|head into|venture into|dive into|plunge into|delve into|slip into|fly into|penetrate|"
        "go inside|wander into|move into|journey into|immerse us in) the {thing}", "(come|get|go|move|draw|step|bring us|take us|"
        "take me|bring me|walk|sneak|pull us|let me go|let us go|we get|we come|we go|go up) (close|closer|nearer|near|right up|"
        "up close|up) to (the {thing}|{face}|{who})", "(let me|let us|let's|may i|can i|can we|i want to|we want to|"
        "i'd like to) (have a closer look|take a closer look|see it from closer|come closer|get closer|go nearer|approach|go in|"
        "step closer|walk up to it|move in)( at the {thing}| to the {thing}|)", "(approach|near|close in on|move in on|advance on|"
        "bear down on|converge on|make for|head for|head towards|walk up to|step up to|draw near|go towards|go toward|"
        "gravitate towards|aim for and walk to) (the {thing}|{face}|{who}|the middle of the {thing})",
        "(approaching|nearing|entering|pushing in on|closing in on|moving in on|walking towards|moving towards|heading for|"
        "advancing towards|flying towards|driving towards|dollying in on|tracking in on|rolling towards|coming up to) (the {thing}|"
        "{face}|{who})", "(dollying|tracking|pushing|moving|going|walking|flying|rolling|travelling|gliding|driving|floating|"
        "advancing) (in|forward|forwards|ahead|closer|inward|straight ahead)",
        "(a|one|the|) (forward|frontal|first-person|steadicam|gimbal|drone|tracking|travelling|walking|pov|fly-through|"
        "onward) (dolly|tracking shot|move|shot|push|travelling|walk|flight|ride|movement|advance) (forward|in|towards the {thing}|"
        "into the {thing}|through the {thing}|up to the {thing}|ahead|toward {face})",
        "(a|the|) (push-in|push in|dolly-in|dolly in|track-in|track in|truck in|move-in|travelling in|travelling forward|"
        "traveling in|travelling avant|drive-in move|walk-in|fly-in|fly-through|walk-through|trolley in|creep-in)( on {face}|"
        " on the {thing}| to the {thing}| shot| please|)", "(travelling|traveling) (avant|in|forward|towards the {thing})",
        "(shorten|close|reduce|narrow|bridge) the (distance|gap)( to the {thing}| to {face}| between us and the {thing}|)",
        "(forward|forwards|onward|onwards|ahead|closer|nearer|in we go|further in|go in|move in|come in closer|straight ahead|"
        "a step closer|two steps forward|one step forward)( please|!| now| with the camera|)",
        "(the {thing}|{face}|the door|the house) (comes|gets|draws|looms) (closer|nearer|nearer and nearer|"
        "closer and closer)( as we walk| as we move forward| to us|)", "(could|can|would|will) (you|we|the camera) (please |"
        ")(dolly in|push in|go closer|move forward|come closer|walk in|go nearer|go in)( to the {thing}|)(, please|)?",
        "(camera|cam|move|motion)(:|=| -) (dolly in|push in|move forward|forward|dolly forward|track in)",
        "(dolly|push|track)(-|_)in", "(take|walk|lead|bring|carry|fly|guide|drag|pull|draw) (us|me|the viewer|the audience|"
        "our eyes) (into|towards|through|up to|closer to|deep into|inside|nearer to|right to) (the {thing}|{face})",
        "(along|down|up) the {thing} (we go|we walk|the camera goes|the camera moves|the camera travels)(, forward| and on|)",
    ),
    "dolly out": (
        "(roll|wheel|pull|move|drive|trolley|bring|send|carry|drag|fly|steer|draw) the (camera|dolly|cart|drone|steadicam|gimbal|"
        "trolley|cam) (back|backwards|backward|away|out|away from the {thing}|back from the {thing}|out of the {thing}|in reverse|"
        "off)( on its tracks| on rails|)", "(the|our|a|) (drone|steadicam|gimbal|camera drone|camera|cam|dolly|helicopter|"
        "quadcopter|cameraman|operator|first-person view|pov) (shrinks|backs|moves|flies|walks|rolls|pulls|travels|glides|retreats|"
        "withdraws|drives|steps|sails|floats|recoils|trundles|{odd}s|shuffles|flees|retires|reverses) (back from the {thing}|back|"
        "backwards|backward|away|away from the {thing}|out of the {thing}|off|back through the {thing}|away from {face}|in reverse|"
        "backwards along the {thing})", "(go|move|pull|walk|travel|fly|drive|sail|step|roll|fall|get|draw|drift|glide|back|shuffle|"
        "slide|stagger|wander|{odd}) (back|backwards|backward|away|back again|back a bit|back a few steps|back out|away backwards|"
        "in reverse|off backwards)( from the {thing}| out of the {thing}| through the {thing}| down the {thing}| from {face}|"
        " along the {thing}|)", "(leave|exit|back out of|step out of|pull out of|come out of|walk out of|fly out of|retire from|"
        "move out of|emerge backwards from) the {thing}( backwards| behind|)",
        "(retreat|withdraw|recede|recoil|reverse|backpedal|back-pedal|backtrack|back up|back off|back away|step back|step away|"
        "pull back|pull away|stand back|move off|draw back|shrink back|fall back|move away)( from the {thing}| from {face}|"
        " from {who}| please| now| backwards|)", "(retreating|withdrawing|receding|reversing|backing off|backing away|backing up|"
        "pulling back|pulling away|stepping back|moving back|dollying out|tracking back|walking backwards|flying backwards|"
        "rolling back|tracking out|moving away|pulling out|drawing back)( from the {thing}| from {face}| out of the {thing}|)",
        "(a|one|the|) (backward|backwards|rearward|reverse|retreating|steadicam|gimbal|drone|tracking|travelling|walking|pov|"
        "receding) (dolly|tracking shot|move|shot|pull|travelling|walk|flight|ride|movement|retreat) (back|out|"
        "away from the {thing}|out of the {thing}|backwards|back through the {thing}|away|away from {face})",
        "(a|the|) (pull-back|pull back|pullback|pullout|pull-out|dolly-out|dolly out|track-out|track out|truck back|move-out|"
        "travelling out|travelling back|travelling arriere|traveling back|walk-back|fly-back|trolley out|fly-away|"
        "track back)( from {face}| from the {thing}| shot| please|)", "(travelling|traveling) (arriere|arrière|back|backwards|out|"
        "away)", "(increase|widen|grow|extend|lengthen) the distance( to the {thing}| to {face}| between us and the {thing}|)",
        "(backwards|backward|back|back a bit|further back|farther away|away|back up|a step back|two steps back|one step backwards|"
        "back we go|reverse gear|in reverse|all the way back)( please|!| now| with the camera|)",
        "(the {thing}|{face}|the door|the house) (recedes|falls behind|is left behind|gets farther away|moves into the distance|"
        "falls away)( as we go backwards| as we move back| as the camera pulls back|)",
        "(give|leave|allow) (the {thing}|it|{face}|{who}) (some|more|a little) (space|room|air)(, step back|, pull back|"
        ", back away|)", "(put|get|gain|leave) (some |more |a little |)(distance|space|ground|air) between (us|me|"
        "the camera) and (the {thing}|{face}|{who})", "(could|can|would|will) (you|we|the camera) (please |)(dolly out|pull back|"
        "go back|move back|back off|step back|back away|go backwards)( from the {thing}|)(, please|)?",
        "(camera|cam|move|motion)(:|=| -) (dolly out|pull out|pull back|move back|back|backwards|dolly back|track out)",
        "(dolly|pull|track)(-|_)(out|back)", "(take|walk|lead|bring|carry|fly|guide|drag|pull|draw) (us|me|the viewer|"
        "the audience) (away from|out of|back from|backwards from|off) (the {thing}|{face})",
        "(not so close|less close|too close|you are too near)(, step back|, back off|, move back|, pull back|, back away)",
        "(let's|let us|now let's|we|shall we|why don't we) (step back|back off|go back|pull back|move away|retreat|walk backwards|"
        "back away|withdraw|leave)( from the {thing}|)",
    ),
}
"""Whole phrases that ask for each zoom and dolly."""
