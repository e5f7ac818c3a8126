"""Files of the managed server that are private."""

from graphstore.server.configuration import write_private


def test_a_private_file_is_written_beside_what_another_program_writes(tmp_path):
    (tmp_path / "server.json.partial").write_text("of another")
    write_private(tmp_path / "server.json", "mine")
    assert (tmp_path / "server.json").read_text() == "mine"
    assert (tmp_path / "server.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "server.json.partial").read_text() == "of another"
    assert len(list(tmp_path.iterdir())) == 2
