"""Schemas of requests and answers as pydantic models, used for validation and for `/openapi.json`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from graphstore.collect.attributes import Attributes, Properties
from graphstore.collect.fields import Description, OptionalId, Text, Time, parse_moment
from graphstore.collect.records import Event

MAX_K = 1000


class Parameters(BaseModel):
    """Parameters of a path or query string. The JSON schema, which every request reads, is made once per class."""

    _schema: ClassVar[dict[type, dict[str, Any]]] = {}

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """The JSON schema as pydantic makes it."""
        if args or options:
            return super().model_json_schema(*args, **options)
        if cls not in cls._schema:
            cls._schema[cls] = super().model_json_schema()
        return cls._schema[cls]


class UserPath(Parameters):
    """A path with a user's id; a slash in it is written %2F."""

    user_id: str = Field(description="At most 512 characters; percent-encoded, a slash as %2F")


class InterestPath(UserPath):
    """A path with a user's id and the name of an interest."""

    name: str = Field(description="As `name` in the user's interests; percent-encoded, a slash as %2F")


class ItemPath(Parameters):
    """A path with an item's id; a slash in it is written %2F."""

    item_id: str = Field(description="At most 512 characters; percent-encoded, a slash as %2F")


class NodePath(Parameters):
    """A path with a node of the graph."""

    label: str = Field(description="User, Item, Interest or Attribute")
    key: str = Field(description="The node's id; an interest's name; kind=value of an attribute")


class Query(Parameters):
    """A query string in which unknown names are errors, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class CountQuery(Query):
    """A query string with the length of the list."""

    k: int = Field(10, ge=1, le=MAX_K, description="How many")


def _moment(value: object) -> object:
    return parse_moment(value) if isinstance(value, str) else value


Moment = Annotated[datetime | None, BeforeValidator(_moment)]


class RecommendationQuery(CountQuery):
    """The query string of recommendations."""

    explain: bool = Field(False, description="With the share of each channel, a sentence and the path")
    channel: str | None = Field(None, max_length=50, description="Only candidates of this channel")
    diversity: float = Field(
        0.0, ge=0, le=1, description="From 0, the best first, to 1, the least similar to each other"
    )
    explore: float = Field(0.0, ge=0, le=1, description="The share of places for new items")
    at: Moment = Field(
        None,
        description="ISO 8601 date (its beginning, UTC) or time: only events, interests and ties of the user, and"
        " items, up to then. Similarities, vectors, popularity, attributes and the model are those of today, so this is"
        " not the list that would have been recommended then",
    )
    fallback: Literal["popular"] | None = Field(
        None, description="popular: a user who is not in the graph gets what is popular, instead of 404"
    )


class EventQuery(Query):
    """The query string of a user's events."""

    count: int = Field(20, ge=1, le=1000, description="How many")


class InterestQuery(Query):
    """The query string of interests."""

    at: Moment = Field(None, description="ISO 8601 date (its beginning, UTC) or time; interests in force then")


class GraphQuery(Query):
    """The query string of a node's neighbours."""

    count: int = Field(10, ge=2, le=50, description="Neighbours of each kind")


def _events_schema(schema: dict[str, Any]) -> None:
    event = Event.model_json_schema()
    schema.clear()
    schema.update(
        title="EventsBody",
        description="One event, or up to 1,000 in a list",
        oneOf=[event, {"type": "array", "maxItems": 1000, "items": event}],
    )


class EventsBody(RootModel[dict[str, Any] | list[Any]]):
    """One event or a list of events; each is validated alone, so a bad event rejects only itself."""

    model_config = ConfigDict(json_schema_extra=_events_schema)


class UserBody(BaseModel):
    """The description of a user."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"attributes": {"age": ["25-34"]}}]})

    attributes: Attributes = Field(default_factory=dict)


class ItemBody(BaseModel):
    """The description of an item."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"title": "Stalker", "kind": "film", "attributes": {"genre": ["Drama"]}}]},
    )

    title: Text = None
    description: Description = None
    kind: OptionalId = None
    image: Text = None
    audio: Text = None
    published_at: Time = None
    attributes: Attributes = Field(default_factory=dict)
    properties: Properties = Field(default_factory=dict, description="Kept, without a part in recommending")


class Rejected(BaseModel):
    """An event that was not stored."""

    index: int
    reason: str


class Accepted(BaseModel):
    """Outcome of the events of one call."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


class Part(BaseModel):
    """A part of a score: what comes from one origin, or from several that are named together."""

    origin: str = Field(description="event, interest, attribute, person, people, popularity or vector")
    key: str | None = Field(description="Which; null where there is only one, or for all that is not named of a kind")
    title: str | None = None
    part: float = Field(description="Of the score; the parts of an item add up to its score")
    share: float = Field(
        description="The part over the sum of the positive parts of the item; all are 0 where no part speaks for it"
    )
    items: list[str] | None = Field(None, description="The user's items that it comes from, the largest part first")
    people: int | None = None
    of: int | None = None
    times: int | None = None
    days: int | None = None
    until: str | None = None


class Reason(BaseModel):
    """What the score is made of, and the numbers that the sentence says of the leading part, counted for the answer."""

    channel: str | None = Field(description="The channel of the leading part; null where none may be named")
    parts: list[Part] = Field(
        description="Those that the sentence names come first, in its order; then what is left of each kind"
    )
    people: int | None = Field(
        None, description="How many people chose or rated the item, of `of` or within `days` if given"
    )
    of: int | None = Field(None, description="Of how many similar users that were looked at")
    times: int | None = Field(None, description="How many events the item has, where people are too many to count")
    days: int | None = Field(None, description="`people` are those of so many days up to `until`")
    until: str | None = Field(None, description="The moment asked for, or of the latest event known to the answer")


class Recommendation(BaseModel):
    """One recommended item and its reasons."""

    item_id: str
    title: str | None
    score: float
    channels: dict[str, float] = Field(
        description="The share of each channel in the score; empty where none adds to it"
    )
    exploration: bool | None = None
    because: str | None = Field(None, description="A sentence that words the reason")
    reason: Reason | None = None
    path: list[dict[str, Any]] | None = Field(
        None,
        description="Nodes and relationships of the graph in turn, from the user to the item; empty where none leads to"
        " it. A user who is similar and not followed has the key null",
    )


class Recommendations(BaseModel):
    """Items for one user, best first."""

    user_id: str
    as_of: str | None = Field(description="Time of the latest event known to the answer")
    model_version: str | None
    version: int = Field(
        description="The version of the user that this is computed from; it rises with all that concerns them"
    )
    pending: bool = Field(description="Whether a change of the user still waits for a follower")
    followers: int = Field(
        description="Workers of `update --follow` that do such work now; with 0 of them `pending` stays as it is"
    )
    at: str | None = Field(None, description="The moment that was asked for")
    fallback: str | None = Field(None, description="popular, where the user is not in the graph")
    recommendations: list[Recommendation]


class Interest(BaseModel):
    """One interest of a user, with the events it came from."""

    name: str
    label: str
    weight: float
    polarity: str
    horizon: str
    valid_from: str | None
    valid_to: str | None
    evidence: list[str]
    extracted_by: str | None
    broader: list[str] = Field(description="Labels of interests that this one belongs to, as the last build found")


class Interests(BaseModel):
    """The interests of a user, now or at a moment."""

    user_id: str
    at: str | None
    interests: list[Interest]
    corrections: list[dict[str, Any]] = Field(
        description="The user's corrections of interests: name, label, correction, at"
    )


class Period(BaseModel):
    """A time in which an interest held."""

    polarity: str
    horizon: str
    weight: float
    extracted_by: str | None
    valid_from: str | None
    valid_to: str | None = Field(description="null while it holds")
    evidence: int = Field(description="How many events are kept as evidence, at most 20")


class Words(BaseModel):
    """An excerpt that speaks of an interest."""

    source: Literal["text", "item"] = Field(description="text: what the user wrote or searched; item: the item's text")
    text: str


class Evidence(BaseModel):
    """An event that an interest rests on."""

    event_id: str
    type: str = Field(description="The type of its kind in the graph, as RATED or SEARCHED")
    value: float | None
    at: str | None
    text: str | None = Field(description="What the user wrote; of a search, what was typed")
    item_id: str | None
    title: str | None
    about: float | None = Field(description="Weight of the interest in the item or the search")
    by: str | None = Field(description="Who found it there: attribute, phrase, the encoder or a generative model")
    mentioned: float | None = Field(description="Weight in the user's own text, below 0 for dislike")
    words: Words | None


class InterestEvidence(BaseModel):
    """One interest of a user, when it held, and what it rests on."""

    user_id: str
    name: str
    label: str
    periods: list[Period]
    evidence: list[Evidence] = Field(description="The latest 20 events of the open periods, or else of the last one")


class Correction(BaseModel):
    """A user's correction of an interest."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"correction": "delete"}]})

    correction: Literal["pin", "weaken", "delete", "none"] = Field(
        description="pin: one whatever behaviour says; weaken: counts a quarter; delete: no interest; none: withdraw"
    )


class Similar(BaseModel):
    """Similar users or items, most similar first."""

    similar: list[dict[str, Any]]


class Suggested(BaseModel):
    """Users whom a user might follow, best first."""

    suggested: list[dict[str, Any]]


class UserDocument(BaseModel):
    """A user: attributes, counts, times, embedding."""

    user_id: str
    attributes: dict[str, list[str]]
    events: int
    searches: int
    follows: int
    followers: int
    last_event_at: str | None
    touched_at: str | None
    embedding_version: str | None
    embedded_at: str | None


class ItemDocument(BaseModel):
    """An item: text, attributes, interests it is about, count of events."""

    item_id: str
    title: str | None
    description: str | None
    kind: str | None
    image: str | None
    audio: str | None
    published_at: str | None
    described: bool
    embedding_version: str | None
    attributes: dict[str, list[str]]
    properties: dict[str, Any]
    about: list[dict[str, Any]]
    events: int


class StoredEvent(BaseModel):
    """An event of a user. A search has neither item nor value."""

    event_id: str
    type: str = Field(description="The type of its kind in the graph, as RATED")
    item_id: str | None
    title: str | None
    at: str | None
    value: float | None
    text: str | None = Field(description="What the user wrote; of a search, what was typed")


class StoredEvents(BaseModel):
    """A user's latest events and searches, newest first, those without a time last."""

    user_id: str
    events: list[StoredEvent]


class WrittenUser(BaseModel):
    """A user that was put with a key that may not read."""

    user_id: str


class WrittenItem(BaseModel):
    """An item that was put with a key that may not read."""

    item_id: str


class Corrected(BaseModel):
    """A correction that was made with a key that may not read."""

    user_id: str
    name: str
    correction: str


class GraphNeighbourhood(BaseModel):
    """A node and its neighbours."""

    centre: str
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]


class State(BaseModel):
    """State of the application: live or ready."""

    status: str


class Follower(BaseModel):
    """A worker of `update --follow`."""

    role: str = Field(description="events or neighbourhoods")
    since_seconds: float
    seen_seconds: float = Field(description="Seconds since its last sign of life")


class Readiness(State):
    """Ready, and who follows the graph. Followers that are missing don't make the application less ready."""

    followers: list[Follower]
    followers_lost: int = Field(description="Workers that were killed in the last day and not replaced")
    waiting_seconds: float = Field(description="For how long the oldest change has waited for a follower")


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, str]] | None = None
