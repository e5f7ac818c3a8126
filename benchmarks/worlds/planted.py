"""A small world drawn from a seed: interests that last, flare up and change, and behaviour that follows from them.

Items are about one to three topics; their popularity follows Zipf's law, and some are born while users act. A user
cares for one to three topics for long. Some users change at a time of their own: from then on they care for others. On
top of that everybody has short episodes of a few days in which one more topic takes half of their attention. Behaviour
comes in sessions that mostly stay with one topic; a share of it is noise, chosen by popularity alone.

Names: U users, I items, E events, T topics, S sessions; what is drawn stands in `planted_world.py`.

Reference: popularity is Zipf-Mandelbrot; topics are drawn without replacement by the Gumbel trick (Kool et al.,
"Stochastic Beams and Where to Find Them", ICML 2019).
"""

from __future__ import annotations

import numpy as np

from benchmarks.worlds.planted_world import (
    KINDS,
    LONG,
    NOISE,
    NONE,
    SHORT,
    Episodes,
    Events,
    Floats,
    Ints,
    Plan,
    PlantedItems,
    Ties,
    Users,
    World,
)
from benchmarks.worlds.topics import AGE_GROUPS, REGIONS, TOPICS
from graphstore.durations import DAY_SECONDS

MOST_TOPICS = 3
TOPIC_SHARES = np.array([[1.0, 0.0, 0.0], [0.7, 0.3, 0.0], [0.6, 0.3, 0.1]])  # by how many topics there are
HOW_MANY = (0.5, 0.35, 0.15)
TOPIC_SKEW, ITEM_SKEW, ITEM_OFFSET = 0.7, 0.9, 5.0
BORN_BEFORE, OLDEST_DAYS = 0.6, 730
THERE_AT_THE_START, LAST_JOIN = 0.7, 0.8
CHANGE_BETWEEN = (0.25, 0.75)  # of the time that a user is there
DAYS_BETWEEN_EPISODES, EPISODE_DAYS, EPISODE_SHARE = 45.0, (2.0, 8.0), 0.5
EVENTS_IN_SESSION, GAP_SECONDS, SESSION_SECONDS, STAYS_ON_TOPIC = 5, 90.0, 3_600, 0.7
FRESH_DAYS, FRESH_SHARE = 14, 0.3
WANTED_KINDS, NOISE_KINDS = (0.62, 0.18, 0.12, 0.08), (0.85, 0.05, 0.08, 0.02)
WANTED_RATING, NOISE_RATING, RATING_SPREAD = 4.1, 2.9, 0.9
TIES_OF_ONE, ALIKE_TIES, TYPICAL_AGE, DESCRIBED = 5, 0.8, 0.5, 0.8


def draw(plan: Plan) -> World:
    """The world of a plan; the same plan gives the same world.

    Raises:
        ValueError: a size below 1, or a share outside 0 to 1.
    """
    if min(plan.users, plan.items, plan.events, plan.days) < 1:
        raise ValueError(f"{plan}: users, items, events and days must be at least 1")
    if not all(0 <= share <= 1 for share in (plan.drifting, plan.noise, plan.following)):
        raise ValueError(f"{plan}: drifting, noise and following are shares between 0 and 1")
    seeds = np.random.SeedSequence(plan.seed).spawn(5)
    item_rng, user_rng, episode_rng, event_rng, tie_rng = map(np.random.default_rng, seeds)
    liked = _zipf(item_rng.permutation(len(TOPICS)), TOPIC_SKEW, 1.0)
    items = _items(plan, liked, item_rng)
    users = _users(plan, liked, user_rng)
    episodes = _episodes(plan, liked, users, episode_rng)
    events = _events(plan, items, users, episodes, event_rng)
    return World(plan, items, users, episodes, events, _ties(plan, users, tie_rng))


def _zipf(rank: Ints, exponent: float, offset: float) -> Floats:
    weight = (rank + offset) ** -exponent
    return weight / weight.sum()


def _some_topics(liked: Floats, taken: Ints, rng: np.random.Generator) -> Ints:
    """(N, 3) different topics by how liked they are, none of those in the same row of `taken` (N, any)."""
    score = np.log(liked) + rng.gumbel(size=(len(taken), len(liked)))
    rows, columns = np.nonzero(taken != NONE)
    score[rows, taken[rows, columns]] = -np.inf
    best = np.argpartition(-score, MOST_TOPICS, axis=1)[:, :MOST_TOPICS]
    order = np.argsort(-np.take_along_axis(score, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1)


def _topics(count: Ints, liked: Floats, taken: Ints, rng: np.random.Generator) -> Ints:
    found = _some_topics(liked, taken, rng)
    return np.where(np.arange(MOST_TOPICS) < count[:, None], found, NONE)


def _items(plan: Plan, liked: Floats, rng: np.random.Generator) -> PlantedItems:
    count = 1 + rng.choice(MOST_TOPICS, plan.items, p=HOW_MANY)
    topics = _topics(count, liked, np.full((plan.items, 1), NONE), rng)
    born = np.where(
        rng.random(plan.items) < BORN_BEFORE,
        plan.start - rng.integers(0, OLDEST_DAYS * DAY_SECONDS, plan.items),
        rng.integers(plan.start, plan.end, plan.items),
    )
    born[0] = plan.start - DAY_SECONDS  # so that the first user finds something
    return PlantedItems(
        topics, TOPIC_SHARES[count - 1], _zipf(rng.permutation(plan.items), ITEM_SKEW, ITEM_OFFSET), born
    )


def _users(plan: Plan, liked: Floats, rng: np.random.Generator) -> Users:
    size, span = plan.users, plan.end - plan.start
    count = 1 + rng.choice(MOST_TOPICS, size, p=HOW_MANY)
    topics = _topics(count, liked, np.full((size, 1), NONE), rng)
    late = rng.random(size) >= THERE_AT_THE_START
    joined = plan.start + np.where(late, rng.integers(0, int(LAST_JOIN * span), size), 0)
    drifts = rng.random(size) < plan.drifting
    moment = joined + (rng.uniform(*CHANGE_BETWEEN, size) * (plan.end - joined)).astype(np.int64)
    later = np.where(drifts[:, None], _topics(count, liked, topics, rng), topics)
    typical = rng.random(size) < TYPICAL_AGE
    age = np.where(typical, topics[:, 0] % len(AGE_GROUPS), rng.integers(0, len(AGE_GROUPS), size))
    silent = rng.random(size) >= DESCRIBED
    return Users(
        topics=topics,
        later=later,
        shares=TOPIC_SHARES[count - 1],
        joined=joined,
        changed=np.where(drifts, moment, plan.end),
        activity=rng.lognormal(0.0, 1.0, size) * (plan.end - joined) / span,
        age=np.where(silent, NONE, age),
        region=np.where(silent, NONE, rng.integers(0, len(REGIONS), size)),
    )


def _episodes(plan: Plan, liked: Floats, users: Users, rng: np.random.Generator) -> Episodes:
    there = plan.end - users.joined
    user = np.repeat(np.arange(plan.users), rng.poisson(there / (DAYS_BETWEEN_EPISODES * DAY_SECONDS)))
    start = users.joined[user] + (rng.random(len(user)) * there[user]).astype(np.int64)
    length = (rng.uniform(*EPISODE_DAYS, len(user)) * DAY_SECONDS).astype(np.int64)
    topic = rng.choice(len(liked), len(user), p=liked)
    order = np.lexsort((start, user))
    end = np.minimum(start + length, plan.end)
    return Episodes(user[order], topic[order], start[order], end[order])


def episode_at(plan: Plan, episodes: Episodes, user: Ints, at: Ints) -> Ints:
    """(N,) the topic of the episode that began last and has not ended, for each user and time; NONE without one."""
    if not len(episodes.user):
        return np.full(len(user), NONE)
    span = plan.end - plan.start + 1
    began = episodes.user * span + (episodes.start - plan.start)
    place = np.maximum(np.searchsorted(began, user * span + (at - plan.start), side="right") - 1, 0)
    here = (episodes.user[place] == user) & (episodes.start[place] <= at) & (at < episodes.end[place])
    return np.where(here, episodes.topic[place], NONE)


def _events(plan: Plan, items: PlantedItems, users: Users, episodes: Episodes, rng: np.random.Generator) -> Events:
    user = np.repeat(np.arange(plan.users), rng.multinomial(plan.events, users.activity / users.activity.sum()))
    session, first, at = _sessions(plan, users, user, rng)
    own = _wanted(plan, users, episodes, user, at, rng)
    stays = rng.random(plan.events) < STAYS_ON_TOPIC
    topic, cause = (np.where(stays, column[first[session]], column) for column in own)
    item, topic = _chosen(items, topic, at, rng)
    cause = np.where(topic == NONE, NOISE, cause)
    noise = cause == NOISE
    draw = rng.random(plan.events)
    kind = np.where(noise, _nth(draw, NOISE_KINDS), _nth(draw, WANTED_KINDS))
    rating = rng.normal(np.where(noise, NOISE_RATING, WANTED_RATING), RATING_SPREAD).round().clip(1, 5)
    order = np.argsort(at, kind="stable")
    value = np.where(kind == KINDS.index("rate"), rating, np.nan)[order]
    user, item, kind, at, session = (column[order] for column in (user, item, kind, at, session))
    return Events(user, item, kind, at, session, value, topic[order], cause[order])


def _sessions(plan: Plan, users: Users, user: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Session (E,) of each event, first event (S,) of each session, and times (E,)."""
    begins = rng.random(len(user)) < 1 / EVENTS_IN_SESSION
    begins[0] = True
    begins[1:] |= user[1:] != user[:-1]
    first = np.flatnonzero(begins)
    session = np.cumsum(begins) - 1
    joined = users.joined[user[first]]
    start = joined + rng.random(len(first)) * np.maximum(plan.end - SESSION_SECONDS - joined, 1)
    since = np.cumsum(rng.exponential(GAP_SECONDS, len(user)))
    at = start[session] + np.minimum(since - since[first][session], SESSION_SECONDS - 1)
    return session, first, at.astype(np.int64)


def _wanted(
    plan: Plan, users: Users, episodes: Episodes, user: Ints, at: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Topic (E,), NONE for noise, and cause (E,) of an event, were it alone."""
    place = (rng.random(len(user))[:, None] >= users.shares.cumsum(axis=1)[user]).sum(axis=1).clip(0, MOST_TOPICS - 1)
    held = np.where((at < users.changed[user])[:, None], users.topics[user], users.later[user])
    topic = np.take_along_axis(held, place[:, None], axis=1)[:, 0]
    topic = np.where(topic == NONE, held[:, 0], topic)
    episode = episode_at(plan, episodes, user, at)
    short = (episode != NONE) & (rng.random(len(user)) < EPISODE_SHARE)
    noise = rng.random(len(user)) < plan.noise
    cause = np.where(noise, NOISE, np.where(short, SHORT, LONG))
    return np.where(noise, NONE, np.where(short, episode, topic)), cause


def _nth(draw: Floats, shares: tuple[float, ...]) -> Ints:
    return np.searchsorted(np.cumsum(shares)[:-1], draw, side="right")


def _chosen(items: PlantedItems, wanted: Ints, at: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Items (E,) about the topics that were born by then: by popularity, for a share of events among the newest.

    Returns the topics (E,) too: NONE where nothing about the wanted one was born yet.
    """
    topic = wanted.copy()
    draw, fresh = rng.random(len(topic)), rng.random(len(topic)) < FRESH_SHARE
    item = np.zeros(len(topic), dtype=np.int64)
    for number in (*range(len(TOPICS)), NONE):
        asked = np.flatnonzero(topic == number)
        about = (items.shares * (items.topics == number)).sum(axis=1) if number != NONE else np.ones(len(items.born))
        members = np.flatnonzero(about)
        members = members[np.argsort(items.born[members], kind="stable")]
        born = items.born[members]
        there = np.searchsorted(born, at[asked], side="right")
        topic[asked[there == 0]] = NONE  # nothing about it yet: whatever there is
        asked, there = asked[there > 0], there[there > 0]
        total = np.concatenate([[0.0], np.cumsum((items.popularity * about)[members])])
        newest = np.searchsorted(born, at[asked] - FRESH_DAYS * DAY_SECONDS)
        base = np.where(fresh[asked] & (newest < there), total[np.minimum(newest, there)], 0.0)
        mark = base + draw[asked] * (total[there] - base)
        item[asked] = members[np.minimum(np.searchsorted(total, mark, side="right") - 1, there - 1)]
    return item, topic


def _ties(plan: Plan, users: Users, rng: np.random.Generator) -> Ties:
    """Who follows whom: mostly somebody who cares most for the same topic."""
    most = users.topics[:, 0]
    counts = np.where(rng.random(plan.users) < plan.following, rng.geometric(1 / TIES_OF_ONE, plan.users), 0)
    user = np.repeat(np.arange(plan.users), counts)
    by_topic = np.argsort(most, kind="stable")
    low = np.searchsorted(most[by_topic], most[user])
    high = np.searchsorted(most[by_topic], most[user], side="right")
    alike = by_topic[low + (rng.random(len(user)) * (high - low)).astype(np.int64)]
    anyone = rng.integers(0, plan.users, len(user))
    follows = np.where(rng.random(len(user)) < ALIKE_TIES, alike, anyone)
    at = users.joined[user] + (rng.random(len(user)) * (plan.end - users.joined[user])).astype(np.int64)
    pairs, first = np.unique(user * plan.users + follows, return_index=True)
    first = first[pairs // plan.users != pairs % plan.users]
    return Ties(user[first], follows[first], at[first])
