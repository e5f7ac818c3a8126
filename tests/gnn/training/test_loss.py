"""The training loss as by hand: which events are targets, how much each counts, and among which items it is ranked."""

import math

import pytest
import torch

from gnn.training.objective import Objective
from tests.gnn.training.hand_made import (
    DISLIKED,
    EAST,
    LIKED,
    LOW_RATED,
    RATED,
    VECTORS,
    batch_of,
    cross_entropy,
    loss_of,
    network,
    objective,
)

A, B, C = (cross_entropy(name) for name in "abc")  # of a user who is known by the attribute alone


def liked(items, day=1):
    """One like a day."""
    return [(name, LIKED, day + number) for number, name in enumerate(items)]


def at_the_start(*events, **hyper):
    """The loss of a user with the attribute of whose events none is known yet: every event is a target."""
    latest = hyper.pop("latest", math.nan)
    model, held = hyper.pop("model", None), hyper.pop("held", 0)
    task = objective(without_history=1.0, latest=latest, **hyper)
    return loss_of(task, batch_of(list(events), described=[0]), model, held)


# The softmax


def test_the_next_item_is_ranked_among_the_items_that_the_user_has_not_had():
    """Known is a: the user stands at (1, 0). Left are b with 2 * .6 and c with 0."""
    loss = loss_of(objective(), batch_of(liked("ab")))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1.2)))


def test_what_was_disliked_pushes_the_user_away():
    """Known is a dislike of a: the user stands at (-1, 0), and b has -1.2."""
    loss = loss_of(objective(), batch_of([("a", DISLIKED, 1), ("b", LIKED, 2)]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(1.2)))


def test_an_item_that_is_met_again_is_no_target():
    again = loss_of(objective(without_history=0.0), batch_of([("a", LIKED, 1), ("a", RATED, 2)]))
    assert again.item() == 0.0
    with_another = batch_of([("a", LIKED, 1), ("a", RATED, 2)], liked("ab"))
    assert loss_of(objective(), with_another).item() == pytest.approx(math.log(1 + math.exp(-1.2)))


def test_the_scale_of_the_logits_is_a_hundred_at_most():
    """A softmax of 100 * .6 against 0 by a model with a scale of 1000."""
    loss = loss_of(objective(), batch_of(liked("ac")), network(scale=1000.0))
    assert loss.item() == pytest.approx(60.0)


def test_only_items_with_behaviour_are_ranked_and_others_are_no_targets():
    """b is met in the history, but is no candidate: as a target it has no weight, and the user is not moved by it."""
    task = objective(candidates="ac", without_history=1.0)
    batch = batch_of(liked("bc"), described=[0])
    assert loss_of(task, batch).item() == pytest.approx(cross_entropy("c", others="ac"))
    known = loss_of(objective(candidates="ac", targets=1), batch_of(liked("bc")))
    assert known.item() == pytest.approx(math.log(2))  # at (0, 0) both candidates are alike


def test_rows_of_candidates_stand_in_their_own_order():
    loss = loss_of(objective(candidates="ca", without_history=1.0), batch_of(liked("c"), described=[0]))
    assert loss.item() == pytest.approx(cross_entropy("c", others="ac"))


def test_users_that_are_followed_lend_what_they_chose_and_have_no_targets_of_their_own():
    """The seed has nothing but whom they follow, at (1, 0) by an undated event: the targets are the seed's alone."""
    batch = batch_of(liked("c"), [("a", LIKED, None), ("b", LIKED, None)], follows=[(1, 0)], seeds=1)
    north_east = (0.8 / math.sqrt(0.8), 0.4 / math.sqrt(0.8))  # the mean of a and b, of length 1
    loss = loss_of(objective(without_history=1.0), batch)
    assert loss.item() == pytest.approx(cross_entropy("c", query=north_east))


def test_a_residual_may_be_left_out_so_that_content_learns_to_stand_alone():
    """Without residuals nothing is known of these items: all are alike."""
    assert at_the_start(("b", LIKED, 1), without_residual=1.0).item() == pytest.approx(math.log(3))


# Which targets count how much


def test_likes_count_in_full_low_ratings_half_and_dislikes_not_at_all():
    loss = at_the_start(("a", RATED, 1), ("b", LOW_RATED, 1), ("c", DISLIKED, 1))
    assert loss.item() == pytest.approx((A + 0.5 * B) / 1.5)
    assert at_the_start(("c", DISLIKED, 1), ("a", DISLIKED, 2)).item() == 0.0


def test_each_target_counts_a_part_of_the_one_before():
    loss = at_the_start(*liked("abc"), target_decay=0.8)
    assert loss.item() == pytest.approx((A + 0.8 * B + 0.64 * C) / 2.44)


@pytest.mark.parametrize(
    ("targets", "expected"), [(1, A), (2, (A + B) / 2), (3, (A + B + C) / 3), (9, (A + B + C) / 3)]
)
def test_so_many_events_after_the_cut_are_targets(targets, expected):
    assert at_the_start(*liked("abc"), targets=targets).item() == pytest.approx(expected)


@pytest.mark.parametrize(("held", "expected"), [(0, (A + B + C) / 3), (1, (A + B) / 2), (2, A), (3, 0.0)])
def test_held_out_events_are_no_targets(held, expected):
    assert at_the_start(*liked("abc"), held=held).item() == pytest.approx(expected)


def test_a_target_counts_half_for_each_half_life_that_it_is_older_than_the_latest_event():
    """At a half-life of 3 days and with the latest event on day 10: a on day 10, b on day 7, c on day 4."""
    events = ("a", LIKED, 10), ("b", LIKED, 7), ("c", LIKED, 4)
    aged = at_the_start(*events, recency=3.0, latest=10.0)
    assert aged.item() == pytest.approx((A + B / 2 + C / 4) / 1.75)
    assert at_the_start(*events, recency=None, latest=10.0).item() == pytest.approx((A + B + C) / 3)


def test_by_recency_undated_and_later_events_count_in_full():
    events = ("a", LIKED, 7), ("b", LIKED, None), ("c", LIKED, 13)
    loss = at_the_start(*events, recency=3.0, latest=10.0)
    assert loss.item() == pytest.approx((A / 2 + B + C) / 2.5)


def test_where_nothing_is_dated_recency_changes_nothing():
    events = [(name, LIKED, None) for name in "abc"]
    assert at_the_start(*events, recency=3.0).item() == pytest.approx((A + B + C) / 3)


def test_all_weights_of_a_target_are_multiplied():
    """A low rating, the second target, one half-life old: 1/2 * .8 * 1/2."""
    loss = at_the_start(("a", LIKED, 10), ("b", LOW_RATED, 7), targets=2, target_decay=0.8, recency=3.0, latest=10.0)
    assert loss.item() == pytest.approx((A + 0.2 * B) / 1.2)


def test_who_has_nothing_to_be_predicted_changes_nothing():
    alone = loss_of(objective(), batch_of(liked("ab")))
    for nothing in ([], liked("c")):
        among = loss_of(objective(), batch_of(liked("ab"), nothing))
        assert among.item() == pytest.approx(alone.item())
    model = network()
    loss_of(objective(), batch_of(liked("c"), []), model).backward()
    assert all(value.grad is None or not value.grad.any() for value in model.parameters())


# The tasks


def test_each_kind_of_behaviour_is_a_task_with_a_learned_weight():
    """Two likes and a low rating: the tasks have shares 2 / 2.5 and .5 / 2.5 of what is to be predicted."""
    model = network()
    with torch.no_grad():
        model.log_task_variance.copy_(torch.tensor([9.0, 0.7, -0.3]))
    loss = at_the_start(("a", LIKED, 1), ("b", LOW_RATED, 1), ("c", LIKED, 1), model=model)
    likes = 0.8 * (math.exp(-0.7) * (A + C) / 2 + 0.7)
    ratings = 0.2 * (math.exp(0.3) * B - 0.3)
    assert loss.item() == pytest.approx(likes + ratings)


def test_a_task_is_learned_to_count_less_the_worse_it_is_predicted():
    """The gradient of share * (exp(-s) * loss + s) is share * (1 - exp(-s) * loss); 0 for a task without targets."""
    model = network()
    with torch.no_grad():
        model.log_task_variance.copy_(torch.tensor([9.0, 0.7, -0.3]))
    at_the_start(("a", LIKED, 1), ("b", LOW_RATED, 1), ("c", LIKED, 1), model=model).backward()
    expected = [0.0, 0.8 * (1 - math.exp(-0.7) * (A + C) / 2), 0.2 * (1 - math.exp(0.3) * B)]
    assert model.log_task_variance.grad.tolist() == pytest.approx(expected)


def test_the_gradient_of_a_task_is_divided_by_its_learned_variance():
    """Where only ratings are to be predicted, their variance scales what all the other parameters learn."""
    gradients = []
    for log_variance in (0.0, math.log(4.0)):
        model = network()
        with torch.no_grad():
            model.log_task_variance.fill_(log_variance)
        at_the_start(("b", RATED, 1), model=model).backward()
        gradients.append(model.user_attribute.weight.grad)
    assert torch.allclose(gradients[0], 4 * gradients[1]) and gradients[0].norm() > 0.1


def test_without_tasks_all_kinds_are_one():
    model = network()
    with torch.no_grad():
        model.log_task_variance.copy_(torch.tensor([0.4, 9.0, 9.0]))
    loss = at_the_start(("a", LIKED, 1), ("b", LOW_RATED, 1), model=model, tasks=False)
    assert loss.item() == pytest.approx(math.exp(-0.4) * (A + 0.5 * B) / 1.5 + 0.4)
    loss.backward()
    assert model.log_task_variance.grad[1:].tolist() == [0.0, 0.0]


# A sample of a large catalogue

MANY = VECTORS | {f"other{number}": (0.28, -0.96) for number in range(30)}


def test_up_to_the_size_of_the_pool_the_softmax_is_full():
    """33 candidates, each of them once."""
    expected = cross_entropy("b", others=MANY, vectors=MANY)
    for pool in (33, 34):
        task = objective(MANY, pool=pool, without_history=1.0)
        assert loss_of(task, batch_of(liked("b"), described=[0]), network(MANY)).item() == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_above_it_the_items_of_the_batch_are_exact_and_a_sample_stands_for_the_others(seed):
    """The 30 others are alike, so that a sample of any size stands for them exactly; the batch holds a, b and c."""
    task = objective(MANY, pool=20, without_history=1.0)
    batch = batch_of(liked("b", 1), liked("ac", 2), described=[0, 1])
    expected = sum(cross_entropy(name, others=MANY, vectors=MANY) for name in "bac") / 3
    assert loss_of(task, batch, network(MANY), seed=seed).item() == pytest.approx(expected, rel=1e-5)


def test_samples_are_drawn_by_the_generator_from_all_candidates():
    """Others that differ: their samples give losses that differ by seed, and sums that are right on average."""
    many = VECTORS | {f"o{n}": (math.cos(n), math.sin(n)) for n in range(40)}
    batch, model = batch_of(liked("b"), described=[0]), network(many)
    task, whole = (objective(many, pool=pool, without_history=1.0) for pool in (30, 100))
    losses = [loss_of(task, batch, model, seed=seed).item() for seed in range(60)]
    assert losses[:5] == [loss_of(task, batch, model, seed=seed).item() for seed in range(5)]
    sums = [math.exp(loss - loss_of(whole, batch, model).item()) for loss in losses]
    assert sum(sums) / 60 == pytest.approx(1.0, abs=0.04) and max(sums) > 1.1 and min(sums) < 0.9


def test_what_is_in_the_batch_without_being_a_candidate_is_not_in_the_pool():
    many = {name: MANY[name] for name in MANY if name != "c"}
    task = objective(MANY, candidates=list(many), pool=20, without_history=1.0)
    batch = batch_of(liked("bca"), vectors=MANY, described=[0])
    expected = sum(cross_entropy(name, others=many, vectors=MANY) for name in "ba") / 2
    assert loss_of(task, batch, network(MANY)).item() == pytest.approx(expected, rel=1e-5)


def test_where_the_sample_adds_nothing_the_batch_is_ranked_alone():
    """One item is drawn of three; if it is met in the batch, there is nobody to stand for the third."""
    task, batch = objective(pool=1, without_history=1.0), batch_of(liked("ab"), described=[0])
    alone = sum(cross_entropy(name, others="ab") for name in "ab") / 2
    with_c = sum(cross_entropy(name) for name in "ab") / 2
    losses = [loss_of(task, batch, seed=seed).item() for seed in range(30)]
    kinds = {round(loss, 4) for loss in losses}
    assert kinds == {round(alone, 4), round(with_c, 4)}


def test_one_sampled_item_stands_for_all_that_are_not_in_the_batch():
    """One is drawn: either it is met in the batch, or it stands for the three others, which are alike."""
    few = {name: MANY[name] for name in ("a", "b", "other0", "other1", "other2")}
    task, batch, model = objective(few, pool=1, without_history=1.0), batch_of(liked("ab"), described=[0]), network(few)
    losses = {round(loss_of(task, batch, model, seed=seed).item(), 4) for seed in range(20)}
    expected = [sum(cross_entropy(name, others=others, vectors=few) for name in "ab") / 2 for others in ("ab", few)]
    assert sorted(losses) == pytest.approx(expected, abs=1e-4)


# Contents that learn


class Turned:
    """Contents in training: puts the residual of one item in the place of another's."""

    def put_in(self, items, rows, met, generator):
        self.rows, self.met, self.generator = rows.tolist(), met.tolist(), generator
        return items.with_contents(items.content, items.known.flip(0))


def test_contents_that_learn_are_put_in_before_items_are_ranked():
    live = Turned()
    task, batch = objective(live=live, without_history=1.0), batch_of(liked("b"), liked("c"), described=[0, 1])
    loss = loss_of(task, batch)
    assert loss.item() == pytest.approx((B + A) / 2)  # c has the vector of a
    assert (live.rows, live.met) == ([0, 1, 2], [1, 2]) and isinstance(live.generator, torch.Generator)


# Where histories are cut, and the order of events without times


def cuts_of(history, held=0, **hyper):
    """(5 000,) where one user's history was cut."""
    vectors = {name: EAST for name, _, _ in history} | VECTORS
    model = network(vectors)
    task = objective(vectors, cuts=5_000, targets=1, **hyper)
    loss_of(task, batch_of(history, liked("a"), vectors=vectors), model, [held, 0])
    return model.cuts[0].tolist()


def shares(cuts):
    return {cut: pytest.approx(cuts.count(cut) / len(cuts), abs=0.015) for cut in sorted(set(cuts))}


def test_dated_histories_are_cut_anywhere_between_their_first_and_last_event():
    assert shares(cuts_of(liked("abcde"))) == {1: 0.25, 2: 0.25, 3: 0.25, 4: 0.25}
    assert shares(cuts_of(liked("abcde"), held=2)) == {1: 0.5, 2: 0.5}
    one_dated = [("a", LIKED, 1), *[(name, LIKED, None) for name in "bcde"]]
    assert shares(cuts_of(one_dated)) == {1: 0.25, 2: 0.25, 3: 0.25, 4: 0.25}


def test_a_share_of_the_cuts_is_before_all_events():
    assert shares(cuts_of(liked("abc"), without_history=0.2)) == {0: 0.2, 1: 0.4, 2: 0.4}


def test_cuts_are_drawn_by_the_generator_alone():
    histories, found = [liked("abcde"), [(name, LIKED, None) for name in "abcdefgh"]], []
    vectors = dict.fromkeys("abcdefgh", EAST)
    for global_seed, seed in ((1, 5), (2, 5), (1, 6)):
        torch.manual_seed(global_seed)
        model = network(vectors)
        task = objective(vectors, cuts=50, without_history=0.3)
        loss = loss_of(task, batch_of(*histories, vectors=vectors), model, seed=seed)
        found.append((model.cuts.tolist(), loss.item()))
    assert found[0] == found[1] and found[0][0] != found[2][0]


@pytest.mark.parametrize(("events", "held", "cut"), [("a", 0, 1), ("ab", 1, 1), ("ab", 2, 0), ("", 0, 0)])
def test_a_history_too_short_to_be_cut_is_known_as_a_whole(events, held, cut):
    assert set(cuts_of(liked(events), held)) == {cut}


def test_of_events_without_times_at_least_half_are_known_and_a_twentieth_never():
    """101 events: cuts are 1 + 100 * (.5 to .95)."""
    cuts = cuts_of([(f"i{number}", LIKED, None) for number in range(101)])
    assert (min(cuts), max(cuts)) == (51, 95)
    assert sum(cuts) / len(cuts) == pytest.approx(1 + 72.5 - 0.5, abs=0.3)


def orders(*events, held=0):
    """The losses that one history comes to under 20 seeds, rounded, and how often each."""
    losses = [round(loss_of(objective(), batch_of(list(events)), held=held, seed=seed).item(), 4) for seed in range(20)]
    return {loss: losses.count(loss) for loss in losses}


def test_events_without_times_come_in_any_order_and_dated_ones_in_theirs():
    """From a to b: b has 1.2 against 0 for c. From b to a: a has 1.2 against 1.6."""
    forth = loss_of(objective(), batch_of(liked("ab"))).item()
    back = loss_of(objective(), batch_of(liked("ba"))).item()
    assert (forth, back) == (pytest.approx(math.log(1 + math.exp(-1.2))), pytest.approx(math.log(1 + math.exp(0.4))))
    found = orders(("a", LIKED, None), ("b", LIKED, None))
    assert found.keys() == {round(forth, 4), round(back, 4)} and min(found.values()) > 4
    assert orders(("a", LIKED, None), ("b", LIKED, 5)).keys() == {round(forth, 4)}
    assert orders(*liked("ab")).keys() == {round(forth, 4)}


def test_an_event_keeps_its_kind_when_the_order_changes():
    """a is liked, b is disliked: after a comes nothing to be predicted; after the dislike of b, from (-.6, -.8), a."""
    found = orders(("a", LIKED, None), ("b", DISLIKED, None))
    after = cross_entropy("a", query=(-0.6, -0.8), others="ac")
    assert sorted(found) == [0.0, pytest.approx(after, abs=1e-4)]


def test_held_out_events_without_times_stay_last():
    found = orders(*((name, LIKED, None) for name in "abc"), held=1)
    assert found.keys() == orders(("a", LIKED, None), ("b", LIKED, None)).keys()


def test_only_the_users_without_times_are_shuffled():
    dated = loss_of(objective(), batch_of(liked("ab"))).item()
    losses = set()
    for seed in range(20):
        batch = batch_of([("a", LIKED, None), ("b", LIKED, None)], liked("ab"))
        losses.add(round(2 * loss_of(objective(), batch, seed=seed).item() - dated, 4))
    assert losses == orders(("a", LIKED, None), ("b", LIKED, None)).keys()


def test_an_objective_has_no_clock_and_no_contents_that_learn_unless_they_are_given():
    plain = objective()
    bare = Objective(plain.items, plain.candidates, plain.hyper, plain.target_weights)
    assert math.isnan(bare.clock.now) and bare.trainable is None
