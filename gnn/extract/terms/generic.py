"""Nouns that name nothing one can care about: measures, containers, trade, and words for anything at all."""

from __future__ import annotations

# Never the last word of a phrase: "value pack", "10 ounce", "low price", "main character".
MEASURES = frozenset(
    """
    amount assortment count dozen gram grams inch inches kg kilo lb lbs litre litres liter liters measure meter meters
    metre metres mile miles ml mm cm number ounce ounces oz pack packs package packages packaging pair pairs pc pcs
    percent percentage piece pieces pound pounds quantity quantities size sizes total unit units volume volumes weight
    year years month months week weeks day days hour hours minute minutes second seconds moment today tomorrow tonight
    price prices cost costs value values discount discounts sale sales fee fees charge charges payment dollar dollars
    euro euros cent cents shipping delivery postage order orders return returns refund purchase purchases checkout
    warranty guarantee item items product products brand brands seller sellers buyer buyers customer customers stock
    denomination denominations expiration condition conditions term terms restriction restrictions version versions
    kind kinds sort sorts type types way ways thing things lot lots bit bits rest part parts variety range selection
    """.split()
)
# Not on their own: "box", but "music box".
VAGUE = frozenset(
    """
    ability access account act action actions addition advantage age aim answer approach area areas arm arms array
    arrival aspect attempt attention back background bag bags bar base basis beginning benefit benefits body bottom box
    boxes boy boys card cards care case cases cause center centre chance change changes choice choices class collection
    color colors colour colours combination company companies content contents control copy corner couple course cover
    cut cuts decision degree design designs detail details difference difficulty direction display door doors
    edge effect effects effort element elements end ends entrance environment envelope event events everyone everything
    example examples experience experiences eye eyes face faces fact facts feature features feeling feelings field
    figure file files finish fit floor focus folk folks form forms frame front fun function future gift gifts girl
    girls goal goals good goods ground group groups guy guys half hand hands head heart help hold holder hope hopes
    idea ideas image images impact individual individuals information inside instructions interest interests issue
    issues job jobs key keys label labels lady left length level levels life line lines link list lives living location
    look looks man manner mark material materials matter matters mean means member members men message method middle
    mind minute mix mode model models name names need needs note nothing office offer offers one ones option options
    original outside owner page pages party past path pattern people person persons place places plan plans plus point
    points position power practice present press problem problems process progress project projects purpose purposes
    quality question questions range rate reason reasons result results right rights role room rooms rule rules run
    sample scene scenes search section selection self sense series service services set sets shape shop side sides sign
    site situation solution solutions something son source space spot stage standard start state states status step
    steps stop store stores story stories stuff style styles subject success support surface system systems tab task
    tasks team teams test text time times tip tips title titles today tool tools top touch town trial truth try turn
    use user users uses view views voice wall want water window windows winner woman women word words work works world
    try button buttons menu check web click video videos website app apps folder folders document documents
    anyone someone somebody anybody everybody everyday process addition order others other
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december morning afternoon evening night noon weekend weekday north south east west
    zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand
    million billion dozen first second third half quarter black white red blue green yellow brown grey gray purple pink
    orange beige turquoise
    father mother brother sister husband wife daughter parent parents child children kid kids friend friends family
    """.split()
)
EMPTY_BEFORE = frozenset(
    """
    able additional amazing available beautiful best better big bigger biggest certain classic complete current
    different difficult direct easy eligible entire exact excellent exciting extra fantastic favorite favourite final
    fine former free full general good great hard high huge important individual international large larger largest
    late latest left little local long low main major many modern more most multiple national near nearby nearest new
    next nice numerous old older oldest only original other overall own particular perfect personal popular possible
    present previous prior proper quick ready real recent regular related relevant respective right same second short
    simple single small smaller special specific standard strong such suitable top total true typical unique usual
    valid various vast very whole wide wonderful young younger
    """.split()
)


def names_nothing(words: list[str]) -> bool:
    """Whether a phrase of lower-case words, the last a noun, names nothing that one can care about.

    >>> [names_nothing(phrase.split()) for phrase in ("value pack", "box", "music box", "best way", "small town")]
    [True, True, False, True, True]
    """
    last = words[-1]
    if last in MEASURES:
        return True
    return last in VAGUE and all(word in VAGUE or word in EMPTY_BEFORE or word in MEASURES for word in words[:-1])
