"""A small planted world in other words: texts about a topic that say neither its name nor what its other texts say.

A few items have the names of the topics as attributes, and say nothing of them in their titles. All others have a title
alone. No word of a topic's titles stands in three of them, so that nothing can be mined from them: who finds their
topics knows what words mean. Users choose items of their TASTES topics, and some of any.
"""

from __future__ import annotations

from typing import Any

import numpy as np

WORDINGS: dict[str, tuple[str, ...]] = {
    "Astronomy": (
        "Peering at Saturn's rings through a big lens",
        "Why distant galaxies drift apart",
        "A comet returns after seventy years",
        "Mapping the Milky Way on a clear night",
        "Black holes and the death of stars",
        "The moons of Jupiter, seen from your roof",
        "Watching meteors fall in August",
        "How the universe began",
    ),
    "Baking": (
        "A crusty sourdough loaf from your own oven",
        "Croissants with forty layers of butter",
        "Kneading dough the slow way",
        "Muffins that rise every time",
        "Yeast, flour and patience",
        "The perfect apple pie crust",
        "Rye rolls fresh at dawn",
        "Sponge cakes without lumps",
    ),
    "Basketball": (
        "Slam dunks of the last NBA finals",
        "Shooting free throws like a pro",
        "From the three-point line",
        "Rebounds win games under the hoop",
        "Michael Jordan's last season",
        "Dribbling past a tall defender",
        "Point guards who changed the court",
        "A zone defence for the Lakers",
    ),
    "Beekeeping": (
        "Harvesting honey in late summer",
        "How a queen leads her swarm",
        "Moving a hive without being stung",
        "Pollen, nectar and the drones",
        "Smokers and veils for the apiary",
        "Wax combs and their builders",
        "Helping pollinators survive winter mites",
        "Colonies that leave their skep",
    ),
    "Birdwatching": (
        "Herons and egrets along the marsh",
        "Telling a warbler by its song",
        "Binoculars for spotting hawks",
        "Sparrows at the garden feeder",
        "Where cranes rest on their migration",
        "Rare owls of the north",
        "Plumage of the male kingfisher",
        "Counting nests of puffins",
    ),
    "Chess": (
        "The Sicilian defence in ten lessons",
        "Sacrificing your rook for checkmate",
        "Kasparov against the machine",
        "Endings with a king and two pawns",
        "Openings that grandmasters fear",
        "When to castle on the queenside",
        "Bobby Fischer's board",
        "A knight on the rim is dim",
    ),
    "Coffee": (
        "Pulling an espresso with a fine crema",
        "Roasting beans from Ethiopia",
        "Milk foam for a flat white",
        "A barista's morning",
        "Cold brew over ice",
        "Choosing a burr grinder",
        "Cappuccino or latte?",
        "Pour-over through a paper filter",
    ),
    "Cycling": (
        "Up the Alps in the Tour de France",
        "Repairing a punctured tyre by the road",
        "Pedals, saddles and derailleurs",
        "Gravel rides for two wheels",
        "Commuting by bike in the rain",
        "Sprinting out of the peloton",
        "Choosing a frame for mountain trails",
        "Helmets for kids on bicycles",
    ),
    "Fishing": (
        "Catching trout with a dry fly",
        "Lures that pike can't resist",
        "A rod, a reel and a quiet lake",
        "Ice holes and perch in January",
        "Casting from the pier at dusk",
        "Baits for carp",
        "How anglers tie their hooks",
        "Salmon upstream, and how to land them",
    ),
    "Gardening": (
        "Compost for your tomato beds",
        "Pruning roses in spring",
        "When to sow carrots and beans",
        "Perennials that love the shade",
        "Keeping slugs off the lettuce",
        "A lawn without weeds",
        "Seedlings on the windowsill",
        "Tulip bulbs for autumn planting",
    ),
    "Horror": (
        "A ghost waits in the attic",
        "Zombies at the mall",
        "The vampire who never slept",
        "Possessed by a demon child",
        "Screams from the haunted mansion",
        "A slasher with a hockey mask",
        "Creatures that crawl out of graves",
        "Nightmares on a dark street of terror",
    ),
    "Jazz": (
        "Miles Davis and his trumpet",
        "Improvising over a blues scale",
        "Saxophone solos by Coltrane",
        "Swing bands of Harlem",
        "Ella Fitzgerald sings scat",
        "A smoky club with a double bass",
        "Bebop after midnight",
        "Duke Ellington's orchestra",
    ),
    "Knitting": (
        "A cardigan in moss stitch",
        "Wool socks on five needles",
        "Casting on for a warm scarf",
        "Yarn from alpaca fleece",
        "Mittens for tiny hands, row by row",
        "Purling without tears",
        "Cable sweaters from Aran",
        "Crochet blankets and shawls",
    ),
    "Meditation": (
        "Following your breath in silence",
        "Mindfulness for restless people",
        "Sitting zazen at a Zen temple",
        "A mantra to calm the thoughts",
        "Ten minutes of stillness a day",
        "Vipassana retreats for beginners",
        "Letting go of worries and finding inner peace",
        "Body scans before sleep",
    ),
    "Photography": (
        "Aperture and shutter for sharp portraits",
        "Developing film in a darkroom",
        "A wide-angle lens for landscapes",
        "Black and white snapshots by Cartier-Bresson",
        "Flash, tripod and long exposure",
        "Shooting a wedding with one camera",
        "Composing a picture by thirds",
        "Old negatives, scanned and printed",
    ),
    "Sailing": (
        "Across the Atlantic in a small yacht",
        "Tacking against the wind",
        "Spinnakers at the regatta",
        "Mooring in a narrow harbour",
        "A skipper and his sloop",
        "Catamarans of the America's Cup",
        "Keels, masts and rigging",
        "Reefing before the storm hits the boat",
    ),
    "Surfing": (
        "Riding the big waves of Hawaii",
        "Paddling out on a longboard",
        "Inside the barrel at Pipeline",
        "Swell forecasts for Bondi Beach",
        "Wax, leash and wetsuit",
        "Hanging ten in Malibu",
        "Catching a breaker at low tide",
        "Shortboards for reef breaks",
    ),
    "Woodworking": (
        "Dovetail joints by hand",
        "Turning a walnut bowl on the lathe",
        "Chisels, planes and saws",
        "Build an oak table for your kitchen",
        "Sanding and varnishing a cabinet",
        "A carpenter's bench of beech",
        "Carving spoons out of birch",
        "Plywood shelves in an afternoon",
    ),
    "Investing": (
        "Dividends that pay your rent",
        "Index funds for a quiet old age",
        "When to sell shares in a crash",
        "Bonds and rising interest rates",
        "Warren Buffett's letters",
        "Diversify your portfolio",
        "Reading the balance sheets of growth companies",
        "The bulls and bears of Wall Street",
    ),
    "Climbing": (
        "Belaying your partner on granite",
        "Free solo on El Capitan",
        "Bouldering in Fontainebleau",
        "Ropes, harness and carabiners",
        "Finger strength for steep overhangs",
        "The north face of the Eiger",
        "Chalk, crimps and a first ascent",
        "Reaching the summit without oxygen",
    ),
}
LABELLED = 4  # items of each topic that have its name as an attribute
TASTES, CHOICES, STRAYING = 3, 24, 0.15  # topics of a user, items chosen, share of them that are of any topic
SECONDS = 3_600


def topic_of() -> dict[str, str]:
    """item_id → topic of the items that say their topic in other words."""
    return {_id(topic, number): topic for topic, texts in WORDINGS.items() for number in range(len(texts))}


def _id(topic: str, number: int) -> str:
    return f"{topic.casefold()}-{number}"


def item_rows() -> list[dict[str, Any]]:
    """Items as `collect` reads them: named ones with attributes, and the others with titles."""
    rows: list[dict[str, Any]] = []
    for topic, texts in WORDINGS.items():
        named = {"attributes": {"topic": [topic]}}
        rows += [{"item_id": f"named {_id(topic, number)}", "kind": "post"} | named for number in range(LABELLED)]
        rows += [{"item_id": _id(topic, n), "title": text, "kind": "post"} for n, text in enumerate(texts)]
    return rows


def event_rows(users: int, seed: int) -> tuple[list[dict[str, Any]], dict[str, set[str]]]:
    """Views of items that say their topic in other words, and the topics of each user."""
    rng = np.random.default_rng(seed)
    names, rows, tastes = list(WORDINGS), [], {}
    every = list(topic_of())
    for user in range(users):
        mine = [names[n] for n in rng.choice(len(names), TASTES, replace=False)]
        near = [item for item, topic in topic_of().items() if topic in mine]
        straying = rng.random(CHOICES) < STRAYING
        chosen = {str(rng.choice(every if stray else near)) for stray in straying}
        tastes[f"u{user}"] = {*mine}
        for number, item in enumerate(sorted(chosen)):
            event = {"user_id": f"u{user}", "item_id": item, "kind": "view"}
            rows.append(event | {"timestamp": 1_700_000_000 + SECONDS * (user * CHOICES + number)})
    return rows, tastes
