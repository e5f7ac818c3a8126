"""extract --llm: interests from texts and behaviour by a generative language model, beside those of the encoder.

1. Items with a text that the model has not read: a question for up to twenty, what each is about. `ABOUT`
2. Users whose behaviour changed enough since they were read: a question for up to twenty. `INTERESTED_IN`
3. Answers are checked against the events shown (`gnn.extract.grounding`); names are resolved to interests
   (`gnn.extract.aliases`).

Each answer is written at once, so that a stopped run loses nothing. What can't be read now (the model is down, slow or
gives invalid answers, a budget is spent) is read by a later run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gnn.encoders.encoder import Encoder
from gnn.extract.aliases import AliasResolver, interest_name
from gnn.extract.cosine_scale import scale_of
from gnn.extract.grounding import GROUNDED, Entry, Vector, interests_of, topics_of
from gnn.extract.plain_text import plain
from gnn.extract.prompting import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    LONGEST_WRITTEN,
    TOKENS_OF_AN_ANSWER,
    ReadInterest,
    ReadItems,
    ReadUsers,
    Topic,
    as_text,
    clean,
    packed,
    prompt,
)
from gnn.llm.language_model import LanguageModel
from gnn.llm.question import Question, estimated_tokens
from graphstore.batches import ITEM_ROWS, batched
from graphstore.database.client import Client
from graphstore.extract import language_model
from graphstore.extract.items import ItemText, read_some_items
from graphstore.progress import Progress, silent

CONTEXT = 16_384  # tokens of a question and its answer
SHOWN_ATTRIBUTES = 5
LIKED, DISLIKED = 4.0, 2.0  # ratings at or above, and at or below
Row = dict[str, Any]


class Reader:
    """One run of a model over a graph.

    by_items, by_users: the `extracted_by` of its results.  context: tokens of a question and its answer, at most.
    """

    def __init__(
        self,
        client: Client,
        model: LanguageModel,
        encoder: Encoder,
        context: int = CONTEXT,
    ) -> None:
        self._client, self._model, self._encoder = client, model, encoder
        self._kinds = {kind.type: kind for kind in client.kinds.values()}
        self._context = context
        self.by_items = language_model.extracted_by(model.name, prompt("about").name)
        self.by_users = language_model.extracted_by(model.name, prompt("interests").name)
        self._names = AliasResolver(client, encoder, model.name)
        self._scale = scale_of(encoder)
        self._grounded = self._scale.texts.of(GROUNDED)

    def read_items(self, progress: Progress = silent) -> tuple[list[str], Row]:
        """Read what items are about; ids of those that were read, and counts: generated_items, generated_about."""
        waiting = language_model.items_to_read(self._client, self.by_items)
        done: list[str] = []
        about = 0
        asked: list[list[ItemText]] = []
        questions = self._questions("about", "items", ReadItems, self._texts(waiting), item_row, asked)
        for place, answer in self._model.answers(questions, progress):
            items = asked[place]
            topics = {items[row.item - 1].item_id: row.about for row in answer.items if 1 <= row.item <= len(items)}
            read = [item for item in items if item.item_id in topics]
            about += language_model.write_about(self._client, self._about(read, topics), self.by_items)
            done += topics
        return done, {"generated_items": len(done), "generated_about": about}

    def read_users(self, progress: Progress = silent) -> Row:
        """Read the interests of users; counts: generated_users, generated_opened, generated_kept, generated_closed."""
        waiting = language_model.users_to_read(self._client, self.by_users)
        counts = {"generated_users": 0, "generated_opened": 0, "generated_kept": 0, "generated_closed": 0}
        asked: list[list[Row]] = []
        questions = self._questions("interests", "users", ReadUsers, self._histories(waiting), user_row, asked)
        for place, answer in self._model.answers(questions, progress):
            users = asked[place]
            given = {
                users[row.user - 1]["user_id"]: row.interests for row in answer.users if 1 <= row.user <= len(users)
            }
            rows = self._interests([user for user in users if user["user_id"] in given], given)
            counts["generated_users"] += len(rows)
            for name, count in language_model.write_interests_of(self._client, rows, self.by_users).items():
                counts[f"generated_{name}"] += count
        return counts

    def counts(self) -> Row:
        """Counts of the model's answers (llm_asked, llm_cost …) and of names: interests_generated, interests_merged."""
        return {
            **{f"llm_{name}": value for name, value in self._model.report.counts().items()},
            "interests_generated": self._names.created,
            "interests_merged": self._names.merged,
        }

    def _questions(
        self, name: str, what: str, shape: Any, rows: Iterator[Any], as_row: Any, asked: list[list[Any]]
    ) -> Iterator[Question[Any]]:
        """Questions, each about as many rows as fit into the context; the rows of each are appended to `asked`."""
        chosen = prompt(name)
        room = self._context - estimated_tokens(chosen.text)
        for batch in packed(rows, lambda row: as_text(what, [as_row(row, len(asked))]), room):
            asked.append(batch)
            text = as_text(what, [as_row(row, number) for number, row in enumerate(batch, 1)])
            yield Question(chosen.name, chosen.text, text, shape, TOKENS_OF_AN_ANSWER * len(batch))

    def _texts(self, item_ids: Sequence[str]) -> Iterator[ItemText]:
        for batch in batched(item_ids, ITEM_ROWS):
            yield from (item for item in read_some_items(self._client, batch) if item.text)

    def _histories(self, user_ids: Sequence[str]) -> Iterator[Row]:
        """Users with their latest events, as rows whose `latest` are those of `_shown`."""
        for batch in batched(user_ids, language_model.USERS_AT_ONCE):
            rows = language_model.behaviour(self._client, batch)
            wanted = {event["item_id"] for row in rows for event in row["latest"]} - {None}
            items = {item.item_id: item for item in read_some_items(self._client, sorted(wanted))}
            order = {row["user_id"]: row for row in rows}
            for user_id in batch:
                if user_id in order:
                    yield order[user_id] | {"latest": [self._shown(e, items) for e in order[user_id]["latest"]]}

    def _shown(self, event: Row, items: Mapping[str, ItemText]) -> Row:
        kind = self._kinds.get(event["type"])
        value = event["value"] if event["type"] == "RATED" else None
        sign = 0 if kind is None else 1 if kind.weight > 0 else -1
        if value is not None:
            sign = 1 if value >= LIKED else -1 if value <= DISLIKED else 0
        at = event["at"].to_native() if event["at"] is not None else None
        how = event["type"].lower() if value is None else f"rated {value:g}"
        text = clean(plain(event["text"]), LONGEST_WRITTEN) if event["text"] else ""
        entry = Entry(event["event_id"], event["item_id"] or f"search {text}", at, sign)
        return {"entry": entry, "how": how, "item": items.get(event["item_id"]), "text": text, "on": event["item_id"]}

    def _about(self, items: Sequence[ItemText], given: Mapping[str, Sequence[Topic]]) -> list[Row]:
        """Rows of items with their topics. given: by the model, by item."""
        usable = {item_id: [_renamed(topic) for topic in topics] for item_id, topics in given.items()}
        means, names = self._named(topic.name for topics in usable.values() for topic in topics)
        vectors = self._embedded({item.item_id: item.text for item in items})
        return [
            {"item_id": item_id, "about": topics_of(usable.get(item_id, ()), means, names, vector, self._grounded)}
            for item_id, vector in vectors.items()
        ]

    def _interests(self, users: Sequence[Row], given: Mapping[str, Sequence[ReadInterest]]) -> list[Row]:
        """Rows of users with their interests. given: by the model, by user."""
        usable = {user_id: [_renamed(one) for one in found] for user_id, found in given.items()}
        means, names = self._named(one.name for found in usable.values() for one in found)
        items = {shown["item"].item_id: shown["item"] for user in users for shown in user["latest"] if shown["item"]}
        vectors = self._embedded({item_id: item.text for item_id, item in items.items() if item.text})
        shown = [one for user in users for one in user["latest"] if one["text"]]
        texts = self._embedded({one["entry"].event_id: one["text"] for one in shown})
        return [
            {
                "user_id": user["user_id"],
                "events": user["events"],
                "interests": interests_of(
                    usable.get(user["user_id"], ()),
                    means,
                    names,
                    [shown["entry"] for shown in user["latest"]],
                    vectors,
                    self._grounded,
                    texts,
                ),
            }
            for user in users
        ]

    def _named(self, given: Iterator[str]) -> tuple[dict[str, str], dict[str, Vector]]:
        """The interest and the embedding of each name; names that the encoder can't read are left out."""
        different = sorted(set(given) - {""})
        readable = [name for name, can in zip(different, self._scale.legible(different), strict=True) if can]
        return self._names.resolve(readable), self._embedded({name: name for name in readable})

    def _embedded(self, texts: Mapping[str, str]) -> dict[str, Vector]:
        return dict(zip(texts, self._encoder.encode(list(texts.values())), strict=True))


def item_row(item: ItemText, number: int) -> Row:
    """An item in a question, with the fields that are known."""
    row: Row = {"item": number, "title": clean(item.title, LONGEST_TITLE)}
    if item.description:
        row["description"] = clean(item.description, LONGEST_DESCRIPTION)
    if attributes := _attributes(item):
        row["attributes"] = attributes
    return row


def user_row(user: Row, number: int) -> Row:
    """A user in a question, with numbers and no ids."""
    return {"user": number, "did": [_entry_row(shown, n) for n, shown in enumerate(user["latest"], 1)]}


def _entry_row(shown: Row, number: int) -> Row:
    at, item = shown["entry"].at, shown["item"]
    row: Row = {"n": number, "how": shown["how"]}
    if at is not None:
        row["when"] = f"{at:%Y-%m-%d}"
    if shown["on"] is not None:
        row["item"] = clean(item.title, LONGEST_TITLE) if item else ""
    if shown["text"]:
        row["searched" if shown["on"] is None else "wrote"] = shown["text"]
    if item and (attributes := _attributes(item)):
        row["about"] = attributes
    return row


def _attributes(item: ItemText) -> str:
    return ", ".join(clean(value, LONGEST_TITLE) for _, value in item.attributes[:SHOWN_ATTRIBUTES])


def _renamed(found: Any) -> Any:
    """The same with the name in the form of `interest_name`; empty if it can't be a name."""
    return found.model_copy(update={"name": interest_name(found.name) or ""})
