import threading

import pytest

from gnn.extract.background_writer import MOST_WAITING, BackgroundWriter


def test_all_is_done_in_order_at_the_end():
    done = []
    with BackgroundWriter() as beside:
        for number in range(20):
            beside.do(lambda number=number: done.append(number))
    assert done == list(range(20))


def test_what_a_piece_raises_is_raised_and_what_waits_is_left_undone():
    done = []

    def fail():
        raise OSError("full")

    with pytest.raises(OSError, match="full"), BackgroundWriter() as beside:
        beside.do(fail)
        while True:
            beside.do(lambda: done.append(1))
    assert len(done) <= MOST_WAITING


def test_who_hands_over_too_much_waits():
    gate, handed = threading.Event(), []

    def hand_over():
        with BackgroundWriter() as beside:
            for number in range(MOST_WAITING + 1):
                beside.do(gate.wait)
                handed.append(number)

    thread = threading.Thread(target=hand_over)
    thread.start()
    thread.join(0.2)
    assert len(handed) == MOST_WAITING
    gate.set()
    thread.join()
    assert len(handed) == MOST_WAITING + 1
