"""Scenes in which somebody or something moves and the camera does not, and sentences that are built like a wish but are none.

"The girl walks to the right" has a verb and a direction of the camera's, "the frog turns into a prince" a turn like that of the
light,
and "a toy truck rolls forward" a word of the camera's trade. Names in braces stand for words of `wordings` or of `WORDS` here,
    brackets
hold alternatives. Only the reader of words learns from them.
"""

from __future__ import annotations

MOVERS = (
    "a woman", "a man", "a girl", "a boy", "the child", "an old man", "an old lady", "her brother", "his sister", "my uncle",
    "our neighbour", "the postman", "a waiter", "the cook", "a nurse", "the doctor", "a policeman", "the thief", "a soldier",
    "the general", "a dancer", "the ballerina", "an acrobat", "a skater", "a skier", "the runner", "a jogger", "the goalkeeper",
    "a striker", "the referee", "a swimmer", "the surfer", "a climber", "a mountaineer", "the pilot", "a sailor", "the captain",
    "a fisherman", "a farmer", "the shepherd", "a gardener", "the butler", "the maid", "a queen", "the king", "a prince",
    "the princess", "a knight",
    "a monk", "the priest", "a nun", "the bride", "the groom", "a guest", "a tourist", "the teacher", "a pupil", "the student",
    "a painter", "the sculptor", "a photographer", "the director", "an actor", "the actress", "a violinist", "the drummer",
    "a conductor", "a clown", "the magician", "a witch", "the wizard", "a ghost", "the giant", "a dwarf", "an elf", "a robot",
    "the android", "an astronaut", "the alien", "a hunter", "the detective", "a spy", "the burglar", "a baby", "the toddler",
    "grandfather", "grandma", "mother", "Anna", "Peter", "Mr Brown", "Mira", "Tom", "the hero", "our hero", "the heroine",
    "the villain", "the stranger", "somebody", "someone", "she", "he", "she", "he", "the lady in red", "a man with a hat",
    "a dog", "the puppy", "a cat", "the kitten", "a horse", "the pony", "a donkey", "a cow", "the bull", "a sheep", "the goat",
    "a pig", "a hen", "the rooster", "a duck", "a goose", "the swan", "a crow", "an eagle", "a hawk", "the owl", "a pigeon",
    "a seagull", "the gull", "a sparrow", "a stork", "the heron", "a parrot", "a penguin", "a bat", "a fox", "the wolf", "a bear",
    "a deer", "the stag", "a rabbit", "the hare", "a squirrel", "a mouse", "the rat", "a hedgehog", "a frog", "a toad", "the snake",
    "a lizard", "a turtle", "the crocodile", "a shark", "a whale", "the dolphin", "a fish", "a salmon", "an octopus", "the crab",
    "a snail", "a spider", "an ant", "a beetle", "a bee", "the butterfly", "a dragonfly", "a moth", "a fly", "an elephant",
    "the lion", "a tiger", "a giraffe", "a monkey", "the gorilla", "a camel", "a kangaroo", "a dinosaur", "the dragon", "a unicorn",
    "a car", "the taxi", "a bus", "a truck", "the lorry", "a van", "a tram", "the train", "a locomotive", "a bicycle",
    "the motorbike", "a scooter", "a tractor", "an ambulance", "a fire engine", "the tank", "a cart", "the carriage", "a coach",
    "a wagon", "a sledge", "a boat", "the ferry", "a ship", "a yacht", "the sailing boat", "a rowing boat", "a canoe", "a raft",
    "a barge", "the submarine", "a plane", "an aeroplane", "the jet", "a helicopter", "a glider", "a rocket", "a spaceship",
    "the ufo", "a satellite", "a balloon", "an airship", "a kite", "a paper plane", "a lift", "the elevator", "an escalator",
    "a cable car", "the gondola", "a ball", "the football", "a marble", "a coin", "a leaf", "a feather", "a petal", "an arrow",
    "a spear", "a stone", "the boulder", "a wave", "the tide", "the river", "the smoke", "a spark", "the bubble", "the bucket",
    "the curtain", "the drawbridge", "the pendulum", "a puppet", "a toy train", "a toy car", "a shadow", "a comet",
    "the spacecraft", "the hand of the clock", "a wheel", "a barrel",
)
"""Who or what moves in a scene, in the singular."""
MANY = (
    "two boys", "three girls", "children", "the children", "people", "the people", "men", "women", "soldiers", "the soldiers",
    "tourists", "dancers", "the dancers", "runners", "cyclists", "workers", "monks", "pirates", "robots", "guests", "passengers",
    "fans", "friends", "lovers", "the twins", "they", "they", "dogs", "cats", "horses", "the horses", "cows", "sheep", "birds",
    "the birds", "geese", "gulls", "crows", "swallows", "bees", "ants", "fish", "dolphins", "wolves", "elephants", "cars",
    "the cars", "trucks", "buses", "trains", "ships", "boats", "the boats", "sailing boats", "planes", "balloons", "bubbles",
    "sparks", "leaves", "waves", "the waves", "stones", "logs", "barrels", "marbles", "shadows", "lanterns on the river", "petals",
    "feathers", "bicycles", "carts", "wagons", "tanks", "kites", "the others", "a few students", "many ducks",
)
"""The same in the plural."""
GOES = (
    "walk", "walk", "walk", "run", "run", "go", "move", "drive", "ride", "fly", "sail", "swim", "crawl", "creep", "jump", "hop",
    "roll", "slide", "glide", "drift", "float", "travel", "march", "stroll", "wander", "hurry", "rush", "race", "dash", "trot",
    "gallop", "stumble", "stagger", "limp", "tiptoe", "sneak", "step", "turn", "look", "glance", "lean", "swing", "spin", "skate",
    "ski", "dance", "paddle", "row", "steam", "cruise", "head", "shuffle", "waddle", "hobble", "push", "climb", "pass", "inch",
    "edge", "back", "speed", "dart", "flee", "return", "point", "sweep", "swerve", "bend", "flow", "bounce", "wade", "charge",
    "hover", "swoop", "soar", "whizz", "ease",
)
"""What they do, in the plain form."""
WAYS = (
    "to the left", "to the left", "to the right", "to the right", "left", "right", "from left to right", "from right to left",
    "towards the left", "towards the right", "over to the right", "off to the left", "to the left side of the street",
    "to the right of the {thing}", "in from the left", "in from the right", "out to the right", "out of the picture to the left",
    "into the picture from the right", "past the {thing} to the right", "along the {thing} to the left", "leftwards", "rightwards",
    "sideways", "left and right", "back and forth", "to and fro", "up and down",
    "up", "up", "upwards", "up the stairs", "up the hill", "up the ladder", "up {tall}", "up to the roof", "up into the sky",
    "up to {high}", "to the top", "over the roofs", "into the air", "high into the sky", "down", "down", "downwards",
    "down the stairs", "down the hill", "down the street", "down {tall}", "down to the river", "to the ground", "to the bottom",
    "into the water", "from the tree", "off the table", "down to {low}",
    "in", "into the room", "into the {thing}", "inside", "through the door", "through the {thing}", "out", "outside",
    "out of the {thing}", "out of the room", "out the window", "forward", "forwards", "ahead", "towards the {thing}",
    "towards {who}", "towards us", "straight on", "closer", "closer to the {thing}", "closer to {who}", "nearer", "back",
    "back to the {thing}", "backwards", "away", "away from the {thing}", "away from {who}", "off", "home", "back home",
    "across the {thing}", "over the {thing}", "under the {thing}", "round the {thing}", "around", "in circles",
    "behind the {thing}", "past", "past the {thing}", "on the spot", "along the {thing}", "after {who}", "away into the distance",
    "up to the {thing}", "out to sea", "past us",
)
"""Where they go."""
MOVES_A_THING = (
    "push", "pull", "carry", "drag", "roll", "move", "turn", "lift", "raise", "lower", "swing", "slide", "throw", "kick", "shift",
    "tilt", "drop", "point", "steer", "bring", "take", "drive", "wheel", "pass", "toss", "hold", "shake", "tip", "crank", "widen",
    "open", "close", "track", "follow", "approach", "leave", "enter",
)
"""Verbs with a thing as their object."""
PARTS = (
    "his head", "her head", "his eyes", "her eyes", "his hand", "her arm", "its tail", "the chair", "the table", "a box",
    "the tray", "a suitcase", "the pram", "the cart", "the trolley", "a wheelbarrow", "the boat", "the door", "the gate",
    "the curtain", "the flag", "the anchor", "the sail", "the bucket", "the glass", "a cup", "the ball", "a chess piece",
    "the queen on the board", "the lever", "the handle", "the wheel", "the sofa", "the piano", "the {thing}", "a {kind} {thing}",
    "the {thing}", "his chin", "her gaze", "his shoulders", "the lid", "the blinds", "the horse", "the child", "the newspaper",
    "the sword", "the ladder", "her veil", "the crane's hook", "a film camera", "the photograph", "the picture on the wall",
)
HOW = ("", "", "", "", "slowly", "quickly", "carefully", "suddenly", "gently", "hastily", "silently", "happily", "cautiously",
    "smoothly", "briskly", "very slowly", "fast", "lazily", "nervously", "calmly", "gracefully", "in a hurry")
TRADE = (
    "(a|the|his|her|an old|a red|a wooden|a yellow|a big) (toy truck|dump truck|fire truck|pickup truck|truck|lorry|tow truck|"
    "garbage truck|monster truck|model truck|delivery truck) (rolls|drives|stands|waits|is parked|comes|turns|backs|reverses|"
    "crawls|skids|arrives|breaks down)( {way}|{way}| {place}| on the carpet| in the yard|)",
    "(a|the|an old|a harbour|a tower|a yellow|a model|a toy) crane (lifts|raises|lowers|swings|carries|turns|stands|drops|towers|"
    "hoists|flies) (the {thing}|a container|the beam|a load of bricks|{way}|{place}|above the {thing})",
    "(the|two|white|some) cranes (fly|dance|wade|stand|nest|land|gather) (over the {thing}|in the reeds|{way}|by the lake)",
    "(a|the|her|an iron|a hot) (pan|frying pan|saucepan|pan of eggs|pan of water) (stands|sits|slides|hangs|is|lies|hisses|boils|"
    "falls) (on the stove|over the fire|{way}|on the {thing}|{kind})",
    "(the miner|a gold digger|he|she|an old man) pans for gold( in the river|{way}|)",
    "(a|the|her|the little|a rag|a porcelain) doll(y|) (sits|lies|stands|falls|smiles|is put) (on the {thing}|{place}|in the pram|"
    "off the shelf|back in the box)", "(Dolly|Dolly Parton|Auntie Dolly|Dolly the sheep) (sings|smiles|eats grass|waves|"
    "comes {way}|walks {way}|{does})", "(a|the|movers with a|a luggage) (dolly|trolley|hand truck|cart) (full of boxes|"
    "with a piano on it|loaded with bags|in the hall)( rolls {way}|)", "(a|the|an old|a broken|his|her|a vintage|a security|"
    "the dusty|a toy|a pinhole) (camera|film camera|camera bag|tripod|zoom lens|lens|lens cap|film reel|camera strap|flash|"
    "photo camera|camcorder) (lies|stands|hangs|is for sale|rusts|is|falls|is packed) (on the table|on the shelf|in the corner|"
    "{place}|in the shop window|above the door|{kind}|in the bag|on its tripod in the attic|from the table)",
    "(a|the) (cameraman|photographer|film crew|director|camera operator|cinematographer|projectionist|reporter|"
    "film student) (eats lunch|drinks coffee|sleeps|takes a photo of {who}|changes the battery|{does}|shouts at {who}|"
    "cleans the lens|walks {way}|runs {way}|steps back from the {thing}|kneels down|carries a tripod {way})",
    "(a man|a woman|a girl|{who}|a tourist|{mover}) with a (camera|tripod|video camera|telescope|lens|"
    "film camera)( around the neck|) (walks|goes|runs|stands|waits|steps|sits|comes) {way}",
    "(railway|tram|animal|tyre|train|wolf|rusty|old|sled) tracks (lead|run|go|stretch|disappear|bend) ({way}|through the {thing}|"
    "into the forest|to the {thing})", "(a|the) (tracking dog|race track|dirt track|track and field athlete|soundtrack|track suit|"
    "running track|tracker|railway truck) ({place}|{way}|{does}|is {kind})", "(a|the) (push-up|push chair|push mower|pushpin|"
    "push bike|pull-up|pullover|pull-out sofa|pull cord|pull-along duck|tilt-top table|tilting chair|jib sail|boom of the boat|"
    "boom box|pedestal|swing|swing door|roller skate|slide in the playground|turntable|revolving door|see-saw|rocking chair|"
    "carousel)( swings| stands| turns| goes round| creaks| is {kind}| rocks|)( {place}| {way}|)",
    "(Peter Pan|Captain Hook|Robin Hood|Mary Poppins|Icarus|Superman|Alice|Cinderella|Rapunzel) (flies|runs|goes|falls|climbs|"
    "looks|walks|floats|rides|jumps) {way}", "(a|the) (zoom call|zoom meeting|zoo|zookeeper|zombie|zeppelin|zebra) (ends|begins|"
    "waits|is boring|{does}|is {kind}|floats {way}|walks {way})", "(he|she|a motorbike|{mover}|the boy on his scooter) zooms (past|"
    "by|off|away|around|down the road|up the hill|through town|past {who}|{way})",
    "the (picture|painting|frame|view|shot|image|photo|portrait|mirror) (hangs|hung|is|stands|was|leans) (on the left wall|"
    "above the bed|in the hall|{kind}|to the right of the {thing}|against the {thing}|of great value|upside down|on the right|"
    "over the sofa)", "(a|the) (view|picture|photo|image|close-up|panorama|portrait|wide shot|aerial view|shot|still|frame|"
    "bird's-eye view) (of|showing|with) (a {kind} {thing}|the {thing}|{who}|the {thing} from above|a {thing} on the left|"
    "{mover} {going} {way}|{many} {going} {way})", "(the|a) (lens|glass) is (dirty|scratched|made of glass|thick|broken)",
    "(the|his|a|one) (shot|arrow|bullet|penalty) (hits|misses|goes over) the (target|goal|bar|{thing})",
    "(we|i) (drink tea|eat dinner|sit at the table|bought a house|remember {thing}|love {thing}|talked about {thing}|need {thing}|"
    "met {who}|visited {who}|paint the {thing}|bake bread|live in the {thing}|saw {who} {place}|forgot the {thing}|laughed a lot|"
    "sing a song|play cards|have a {kind} {thing}|believe in {thing}|work in the {thing})",
    "(we|i) (see|watch|saw|watched|meet|hear) {mover} (walk|run|drive|{going}|going|coming|fly|climb|swim) {way}",
    "(we|i) (see|watch) {many} {going} {way}",
)
"""Scenes with a word of the camera's trade, or with one who looks."""
STANDING = (
    "(the|a|an old|the narrow|a steep) (road|path|street|river|stair|staircase|trail|track|lane|bridge|corridor|tunnel|alley|canal|"
    "wall|fence|railway line) (leads|goes|bends|turns|runs|climbs|rises|winds|descends|drops|curves|stretches|continues|slopes|"
    "forks|swings|ends|falls) {way}", "(the|a|one) (tower|mountain|cliff|church|castle|peak|skyscraper|chimney|statue|lighthouse|"
    "fortress|range of hills) (rises|soars|towers|climbs|stands|looms|reaches) (above the roofs|in the distance|out of the sea|up|"
    "into the sky|over the town|on the left|on the right|high above the {thing})", "(an arrow|the sign|a signpost|the weathercock|"
    "a finger|the needle|the statue's hand) (points|shows|is pointing|turns) (left|right|to the left|to the right|up|down|north|"
    "back)", "(the|a) (door|gate|window|drawer|lid|hatch) (opens|swings|closes|swings open|is half open|slams) (to the left|"
    "to the right|inwards|outwards|slowly|by itself|with a creak)", "(the|his|her|a) (left|right|upper|lower|back|front|inner|"
    "outer|left-hand|right-hand) (door|wall|side|lane|shelf|corner|bank|wing|pocket|glove|window|drawer|column|seat|page|eye|row|"
    "tower|half) (is {kind}|is missing|is empty|belongs to {who}|was painted {kind}|of the {thing})",
    "(ivy|a vine|moss|a rose|the creeper|wild grapes|smoke|steam|dust|a spider|the lichen) (climbs|creeps|grows|rises|crawls|hangs|"
    "spreads|trails) (up the wall|over the fence|down from the roof|from the chimney|along the {thing}|out of the pot|{way})",
    "(on|to|at) the (left|right) (of the {thing}|side of the {thing}|edge of the picture|of the picture|) (is|stands|sits|lies|"
    "hangs|we see|there is) (a {kind} {thing}|{who}|an old {thing}|{who} with a {thing})",
    "(in the foreground|in the background|above|below|up there|down there|in front|behind) (is|stands|sits|lies) (a {kind} {thing}|"
    "{who}|the {thing})", "(prices|the price of bread|temperatures|shares|taxes|rents|the stakes|her hopes|the numbers) (rise|"
    "rises|fall|falls|go up|go down|climb|drop|are falling|are rising|come down)", "(the|a|her|his) (bread|dough|cake|vase|apple|"
    "plate|cup|glass|book|hat|key|pen|tooth|empire|wall|tree|curtain|mask|kingdom) (rises|falls|drops|falls down|fell|comes down|"
    "breaks|is broken|goes up|sinks|tips over|topples)",
)
"""Scenes in which a thing only stands, grows or falls, with a direction."""
TURNED = (
    "the (frog|prince|beast|caterpillar|pumpkin|duckling|seed|egg|straw|water|boy|girl|rumour|joke|dream|argument|page|swan|"
    "bear) (turns|turned|changes|changed|grows|transforms|is turned) into a (prince|beast|butterfly|carriage|swan|tree|king|wine|"
    "man|woman|fight|habit|toad|star|stone|bird|legend)", "from (Paris|London|head|top|A|beginning|hand|door|time|word|shop|"
    "village|Monday|start|book|friend) to (Rome|Berlin|toe|Z|end|mouth|door|time|word|shop|village|Friday|finish|book|friend)",
    "the (boy|girl|clerk|actor|soldier|dog|summer|house|hut|field) becomes (king|a teacher|a hero|famous|old|a friend|a ruin|"
    "a palace|a meadow|president)", "not a (bug|horse|man|cat|dream|toy|word|fish) but a (feature|donkey|woman|dog|plan|tool|deed|"
    "bird)", "(turn|change|make|transform) (the|a|your) (page|house|garden|water|money|sheets|bed|recipe|word|dress|old {thing}|"
    "record) (into (wine|a castle|a cake|a school|bread|something new|a {thing})|over|quickly|again|well|)",
    "the (party|war|game|match|concert|school year|lesson|play|show|dinner|story|dream|waiting|film festival|strike|meeting|"
    "marriage|holiday|summer|trial|race|dance|speech|sale|music|battle) (is over|ends|begins|stops|comes to an end|has stopped|"
    "starts|goes on|is cancelled|clears the head|dies down)", "(Christmas|spring|grandma|the postman|the circus|a visitor|the bus|"
    "help|the bill|autumn|the plumber|Easter|success|old age|the enemy|summer|the guest) (comes|arrives|is here|approaches|"
    "is coming|is near|has come|returns|is gone|leaves)", "(it|everything|the story|this|the matter|the boy|the child|the soup|she|"
    "he|the room|the argument) (gets|becomes|grows|is|turns) (boring|expensive|serious|funny|old|tall|hungry|tired|ready|sour|"
    "quiet|loud|complicated|rich|famous|sad|angry|pale|red|thick|strong|important|better|worse|late for school)",
    "(add|more|give us some more|bring|pass|less|take) (salt|tea|soup|sugar|milk|pepper|bread|flour|butter|coffee|chairs|paper|"
    "time|money|friends|chocolate|spice|onions)( please|, please|)", "(switch|turn|put) (on|off|up|down|out) the (radio|tv|"
    "television|oven|kettle|washing machine|volume|heating|tap|engine|music|computer|iron|alarm|stove|fan|water)",
    "(she|he|the boy|somebody|the cook|my aunt) (switches|turns|puts) (on|off|up|down) the (radio|tv|oven|kettle|washing machine|"
    "volume|heating|tap|engine|music|computer|stove)", "the (radio|oven|tv|engine|kettle|motor|heating|music|dishwasher|"
    "alarm clock) (is turned on|is switched on|is switched off|goes on|goes off|comes on|starts|stops|hums)",
    "(let|make|have) (the|a|your) (dog|children|bread|cake|guests|tea|boy|meat|paint|plan|mother) (in|out|rise|rest|cool|sleep|eat|"
    "wait|dry|be|go|play|alone|decide)", "(walk|feed|wash|comb|call) the (dog|cat|horse|baby)",
    "(turn|open|close|read) (the|your) (page|book|letter|door|eyes)( please|)", "(pull|push|press|ring|hold|lift|twist) the (lever|"
    "button|bell|rope|trigger|handle|door|lid|brake|plug|cork)( please|)", "(move|put|lift|turn|push|pull|shift|slide|bring|"
    "carry) (the|a|that|this) (table|chair|vase|sofa|box|book|plate|bed|cupboard|piano|ladder|pawn|plant|cup|boat|"
    "{thing}) (to the left|to the right|back|away|up|down|closer|forward|in|out|left|right|a bit to the left|nearer to the {thing}|"
    "upstairs|into the {thing})", "(come in|go home|come back tomorrow|go to bed|go out for dinner|sit down|stand up|get up|"
    "hurry up|shut up|cheer up|wake up|settle down|write it down|go away|get out|get lost|come here|go on|come on|look out|"
    "watch out|look at me|look after the {thing}|move on with your life|back up your files|sign up today|log in|log out|step on it|"
    "grow up|give in|hang in there|come along|go ahead and eat|close the deal|get closer to god|"
    "turn right at the {thing}, then left|take the second street on the right|keep left on the motorway|exit left|"
    "the first door on the left|second floor, third door on the right|straight ahead to the station|"
    "go down the road to the {thing} and ask for {who})( please| now|, {who} says|)",
    "(left|right|up|down|in|out|forward|back) (is|was|means|means nothing|has four letters|, said {who}|is a word)",
    "(bread|tea|coffee|news|a bath|milk) (is|was) (warm|cold|hot|ready)", "(a|the|his|her|my) (bright|cold|warm|dark|light|sunny|"
    "foggy|stormy|clear|cool|golden|windy) (future|soup|welcome|feet|disposition|memory|marriage|conscience|head|horse|breakfast|"
    "opportunity|excuse|past|beer|heart|war|handshake|secret|wedding anniversary|retriever|goodbye|instruction|answer|mind|fish|"
    "hair|jacket|voice|colour of the {thing})( of {who}|)", "(clear|clean|set) (the|your) (table|throat|desk|cache|plate|"
    "room)( please|)", "(a|the) (storm in a teacup|brainstorm|stormtrooper|snow boot|snow plough in the garage|"
    "snow shovel by the door|rain boot|rain gauge|rain check|reign of {who}|fog machine in the cellar|windfall|wind quartet|"
    "wind-up toy|wind turbine|ice cream van|cloud storage|sun deck|sun lotion|moon boot|moonstone|star sign|starfish|movie star|"
    "night shift|night nurse|evening gown|evening class|evening paper|morning coffee|morning person|morning dress|day bed|day job|"
    "daycare|daily bread|dayflower|Sunday roast|noon bell|lamp shop|candle maker|lampshade|candle wax|lantern fish|light switch|"
    "light bulb on a shelf|firefighter|fireplace|torchbearer|flashlight in the drawer|flicker of hope|bright spark|cold front page|"
    "cold case|warm-up|warmonger)( of the {thing}| {place}| and {who}|)",
)
"""Sentences that are built like a wish, and ask for nothing."""
WORLD = (
    "(der|die|das|ein|eine|mein|unser) (Mond|Nacht|Hund|Haus|Katze|Zug|Kind|Mann|Frau|Straße|Kamera|Licht|Wind|Regen|Schnee|"
    "Garten) (ist|geht|kommt|schläft|fällt|steht|fährt|weht|leuchtet|wartet|bleibt) (schön|kalt|nach Hause|nach rechts|nach links|"
    "langsam|im Wald|am Fenster|oben|unten|draußen|nah|heute)", "(il|elle|on|nous|la nuit|le chat|la mer|le train|la pluie|"
    "le soleil|la caméra) (pleut|neige|fait nuit|tombe|dort|avance|recule|tourne|monte|descend|arrive|part|chante|"
    "se lève)( doucement| à gauche| à droite| vers le haut| ce soir| en ville|)", "(el|la|los|un|una|mi) (gato|noche|cámara|lluvia|"
    "sol|niña|tren|perro|casa|viento|luz|nieve) (duerme|cae|gira|sube|baja|llega|se acerca|se aleja|canta|es fría|sopla|"
    "brilla)( despacio| a la izquierda| a la derecha| hacia arriba| hoy| en la calle|)",
    "(il|la|lo|un|una) (gatto|notte|treno|sole|pioggia|bambina|luce|neve|vento|casa) (dorme|cade|gira|sale|scende|arriva|piove|"
    "canta|soffia)( piano| a sinistra| a destra| in alto| oggi|)", "(de|het|een|mijn) (kat|nacht|hond|trein|zon|regen|sneeuw|wind|"
    "camera|straat) (slaapt|valt|draait|gaat|komt|schijnt|rijdt|waait)( langzaam| naar links| naar rechts| omhoog| vandaag|)",
    "(guten Morgen|gute Nacht|bonjour|bonsoir|buenos días|buenas noches|buongiorno|grazie mille|hasta la vista|c'est la vie|"
    "auf Wiedersehen|ciao bella|dobry den|spasibo|arigato|konnichiwa|ni hao|salut|tschüss|danke)( {who}| {odd}|)",
    "(my|our|his|her|the) (landlord|boss|aunt|lawyer|cousin|plumber|accountant|professor|editor|tenant) (called {day}|"
    "sold the shop|is on holiday|wants a rise|lost the key|likes cheese|married {who}|wrote a novel|retired|bought shares|"
    "fired {who}|is allergic to {thing}|plays golf|owes me money)", "(don't forget|remember|try|buy|order|cancel|print|send|sell|"
    "count|forward|pay|sort) (the|your|my|some|two|three) (invoice|tickets|password|dentist's appointment|onions|potatoes|"
    "batteries|stamps|passport|bill|recipe|eggs|letters|homework|sandwiches)( {day}| please|)",
    "(one|two|three|seven|{odd}|12|99) (plus|minus|times|and|divided by) (one|two|three|four|{odd}|5|11) (is|are|makes|"
    "equals) (ten|four|nine|six|{odd}|22)", "(is|was|are|were|does|did|has|can|will|why is|who is|where is|what is|how old is|"
    "how is) (anybody|anyone|somebody|it|she|he|{who}|the {thing}|your {thing}|there a {thing}) (there|here|hungry|ready|at home|"
    "{kind}|true|called|sleep|eat fish|for sale|in time|well)?", "(chapter|page|version|room|number|line|section|figure|lesson|act|"
    "scene|take|track|level|file|draft) (1|2|3|4|7|12|19|one|two|three|five|nine|ten|twenty)( of the {thing}|: the {thing}|, {odd}|"
    ")", "(justice|democracy|mathematics|philosophy|time|silence|money|jealousy|love|music|grammar|economics|honesty|history|"
    "physics|freedom) (is|has|knows|needs|wants|means|brings|is not|becomes) (a {thing}|no {thing}|everything|nothing|{kind}|"
    "patience|a long story|a virtue|for sale|the {kind} {thing} of {thing})", "(the|a|some) (committee|parliament|tax office|bank|"
    "insurance|jury|university|senate|ministry|union|court|agency) (votes|meets|waits|agrees|postpones the {thing}|"
    "rejects the {thing}|publishes a report|writes to {who}|wants {thing}|raises the fee|lowers the rate|moves to Bonn|"
    "turns it down|backs down|steps back from the plan)", "{odd} {odd} (the|of|and|is|in|to) {odd}( {odd}|)",
    "the {odd} {going} {way}", "{odd}s {go} {way}", "(two|three|many|the|some) {odd}s (are |){going} {way}",
    "a {odd} {going} {way}", "a {kind} {odd} {place}", "the {odd} (is|was|of|and|with) {odd}",
)
"""Other languages, everyday talk, abstract words, and words that do not exist."""
WORDS = {"way": WAYS, "mover": MOVERS, "many": MANY, "go": GOES, "part": PARTS, "how": HOW,
         "day": ("today", "tomorrow", "on Tuesday", "last week", "yesterday", "next year", "at ten", "in March", "at Easter",
         "every Friday")}
FRAMES = (
    "{mover} {goes} {way}", "{mover} {goes} {way}", "{mover} {goes} {way}", "{mover} {how} {goes} {way}",
    "{mover} {goes} {way} {how}", "{mover} {goes} {how} {way}", "{mover} is {going} {way}", "{mover} is {how} {going} {way}",
    "{mover} {going} {way}", "{mover} {going} {way} {how}", "{how} {mover} {goes} {way}", "{mover} {goes} {way} and {does}",
    "{mover} {goes} {way} {place}", "{mover} {does} and {goes} {way}", "{mover} (wants|begins|starts|tries|has|likes|decides|hopes|"
    "loves|refuses|is about) to {go} {way}", "{mover} (will|must|should|can|could|may|cannot|does not|used to) {go} {way}",
    "{mover} (kept|keeps|stops|goes on|started|is seen|was) {going} {way}", "(while|as|when) {mover} {goes} {way}, {who} {does}",
    "{who} {does} while {mover} {goes} {way}", "{mover} {goes} {way}, {style}", "(a photo|a painting|a film|a picture|a drawing|"
    "a story|a statue) of {mover} {going} {way}", "(suddenly|then|now|once|in the end|at last|far away|over there|in the distance|"
    "meanwhile|outside|next door), {mover} {goes} {way}", "{mover} and {mover} {go} {way}", "{mover} with a {thing} {goes} {way}",
    "{mover} in a {kind} coat {goes} {way}", "{a} {kind} {odd} {goes} {way}", "the {odd} {goes} {way}",
    "{a} {odd} {how} {goes} {way}", "{mover} from {place} {goes} {way}", "{mover}, {going} {way}",
    "{mover} {goes} {way}, then {goes} {way}",
    "{many} {go} {way}", "{many} {go} {way}", "{many} {how} {go} {way}", "{many} {go} {way} {how}", "{many} are {going} {way}",
    "{many} {going} {way}", "{many} {go} {way} {place}", "(a photo|a painting|a picture|a line|a group|"
    "a row) of {many} {going} {way}",
    "{mover} {moves} {part} {way}", "{mover} {moves} {part} {way}", "{mover} {how} {moves} {part} {way}",
    "{mover} {moves} {part} {way} {how}", "{mover} is {moving} {part} {way}", "{mover} {moving} {part} {way}",
    "{mover} {moves} {part} {way} and {does}", "{many} {move} {part} {way}", "{many} are {moving} {part} {way}",
    "{part} (is|was|gets) (pushed|pulled|carried|moved|lifted|lowered|turned|dragged|thrown|raised) {way}",
    "{mover}'s (hand|head|eyes|arm|gaze|foot|tail|shadow|ears|wings) {goes} {way}",
    "(his|her|the man's|the cat's|the girl's) (hand|head|gaze|arm|foot|tail|shadow|eyes|fingers|hair) (moves|turns|goes|wanders|"
    "falls|rises|drops|sinks|swings|drifts|glides|hangs|reaches|points|slides) {way}",
)
"""Frames of sentences. {goes} and {going} are forms of a word of GOES, {moves}, {moving} and {move} of one of MOVES_A_THING."""
