"""The topics of the synthetic living data set, each with words that its items' titles are made of."""

from __future__ import annotations

TOPICS: dict[str, tuple[str, ...]] = {
    name: tuple(words.split())
    for name, words in {
        "Astronomy": "telescope galaxy comet eclipse",
        "Baking": "sourdough pastry croissant oven",
        "Basketball": "dunk rebound playoff backboard",
        "Beekeeping": "hive honey queen pollen",
        "Birdwatching": "heron warbler plumage nest",
        "Board games": "dice meeple strategy tabletop",
        "Calligraphy": "ink nib flourish script",
        "Camping": "tent campfire trail lantern",
        "Ceramics": "kiln glaze clay porcelain",
        "Chess": "gambit endgame bishop checkmate",
        "Classical music": "symphony sonata cello orchestra",
        "Climbing": "boulder belay crag ascent",
        "Coffee": "espresso roast barista grinder",
        "Cycling": "peloton gravel derailleur sprint",
        "Dance": "tango ballet choreography rhythm",
        "Diving": "reef wreck snorkel lagoon",
        "Electronics": "soldering circuit oscilloscope transistor",
        "Fashion": "couture runway tailoring silhouette",
        "Film noir": "detective shadow alibi heist",
        "Fishing": "trout lure angler river",
        "Gardening": "compost orchard seedling perennial",
        "Genealogy": "ancestor archive pedigree census",
        "History": "empire treaty dynasty siege",
        "Horror": "haunted ghoul crypt nightmare",
        "Investing": "dividend portfolio bond market",
        "Jazz": "saxophone swing quartet improvisation",
        "Knitting": "yarn needle cardigan stitch",
        "Languages": "grammar vocabulary dialect translation",
        "Machine learning": "gradient dataset classifier transformer",
        "Mathematics": "theorem topology prime integral",
        "Meditation": "breath mindfulness stillness retreat",
        "Photography": "aperture shutter darkroom portrait",
        "Poetry": "sonnet verse haiku stanza",
        "Robotics": "servo drone gripper automaton",
        "Running": "marathon stride pacing ultra",
        "Sailing": "regatta keel spinnaker harbour",
        "Science fiction": "starship android wormhole colony",
        "Surfing": "swell longboard barrel tide",
        "Woodworking": "lathe dovetail chisel walnut",
        "Yoga": "asana vinyasa balance flexibility",
    }.items()
}
ADJECTIVES = (
    "quiet golden forgotten modern practical secret northern patient bright curious hidden gentle wild final early "
    "simple perfect broken endless honest"
).split()
NOUNS = (
    "notebook journey handbook stories lessons weekend companion masters evenings questions beginnings workshop diary "
    "guide letters seasons craft portraits basics discoveries"
).split()
FORMATS = ("article", "video", "podcast", "course")
AGE_GROUPS = ("under 18", "18-24", "25-34", "35-44", "45-54", "55+")
REGIONS = ("north", "south", "east", "west", "islands", "capital", "coast", "mountains")
