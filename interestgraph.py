"""The front door: the stages in their order, and the command line.

collect    what users did, into the graph
extract    what items are about and what users care about, with the events as evidence
build      similarity, transitions, popularity and hierarchy, derived and rebuildable
update     embeddings by a graph neural network, for what was touched
recommend  from the graph alone, with the path that explains each
"""

from __future__ import annotations

import click

from commands import administration, demo, erasing, exposure, reading, server, stages, tuning
from commands.console import Commands

STAGES: dict[str, click.Command] = {
    "collect": stages.collect_command,
    "extract": stages.extract_command,
    "build": stages.build_command,
    "update": stages.update_command,
    "recommend": stages.recommend_command,
}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="interestgraph")
def main() -> None:
    """Every user's interests as a living graph in Neo4j, and recommendations with the path that explains each.

    Start with: interestgraph demo
    """


main.add_command(demo.demo_command)
for _name, _command in STAGES.items():
    main.add_command(_command, _name)
for _command in (
    stages.import_command,
    tuning.tune_command,
    server.server_group,
    reading.reading_command,
    reading.merges_group,
    administration.keys_group,
    administration.serve_command,
    administration.evaluate_command,
    exposure.exposure_command,
    erasing.erase_command,
    erasing.export_command,
    erasing.reset_command,
    administration.estimate_command,
    administration.doctor_command,
):
    main.add_command(_command)

if __name__ == "__main__":
    main()
