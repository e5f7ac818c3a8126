"""What the last build said it wrote, beside what is there; what may change it since is allowed for.

Followers replace whole rows of similar and following items and of similar users; each row has at most as many
relationships as the build's lists. An erasure removes relationships of every type, and an extraction interests that are
used no more.
"""

from __future__ import annotations

from graphstore.build.tuned import tuned_settings
from graphstore.database.client import Client
from graphstore.database.runs import last_run

NAMES = {
    "similar_items": "SIMILAR_TO of items",
    "similar_users": "SIMILAR_TO of users",
    "transitions": "FOLLOWED_BY",
    "favoured_items": "FAVOURS",
    "broader": "BROADER",
}


def compare_with_build(client: Client) -> tuple[bool, str]:
    """Whether what the last build wrote is there, and the comparison in words."""
    built = last_run(client, "build")
    if built is None:
        return True, "nothing was built yet"
    said = built["counts"]
    if "feed" not in said:
        return True, "the last build was by an earlier version, and did not note what to compare with"
    found = client.read("administration/count_derived", seq=said["feed"]["seq"])[0]
    options = tuned_settings(client).build
    rows, users = found["linked_items"], found["changed_users"]
    extracted = last_run(client, "extract")
    erased = found["epoch"] - said["feed"]["epoch"]
    renewed = extracted is not None and extracted["ended_at"] > built["started_at"]
    followed = {
        "similar_items": rows * options.similar_items,
        "similar_users": users * options.similar_users,
        "transitions": rows * options.followed_by,
    }
    wrong, differs = [], []
    for name, what in NAMES.items():
        more = found[name] - said[name]
        if more:
            differs.append(f"{what} {found[name]:,}, the build said {said[name]:,}")
        may_lack = erased or (renewed and name == "broader")
        if abs(more) > followed.get(name, 0) and not (more < 0 and may_lack):
            wrong.append(what)
    since = f"; since then {rows:,} items and {users:,} users were followed, and {erased:,} erased" if differs else ""
    detail = "; ".join(differs) + since if differs else "all that the last build wrote is there"
    return not wrong, detail
