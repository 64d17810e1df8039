"""hypothesis: finds the same examples, shrinks them to the same minimum, and says the same of failures."""
# test: needs=hypothesis timeout=240
import string

from hypothesis import HealthCheck, Phase, assume, example, find, given, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

quiet = settings(database=None, deadline=None, derandomize=True, max_examples=60, print_blob=False,
                 suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate, Phase.shrink])
examples = []


@quiet
@given(st.lists(st.integers()), st.text(string.ascii_letters, max_size=5))
def sort_twice(values, text):
    examples.append((len(values), text))
    assert sorted(sorted(values)) == sorted(values)


@quiet
@given(st.dictionaries(st.text(max_size=3), st.one_of(st.none(), st.floats(allow_nan=False), st.booleans()), max_size=4))
def wrong_dict(d):
    note(f"d has {len(d)}")
    assert len(d) < 2 or None not in d.values()


@quiet
@given(st.integers(), st.integers())
@example(3, 4)
def wrong_sum(a, b):
    assume(a != b)
    assert a + b < 1000 or a < 17


@quiet
@given(st.data())
def wrong_data(data):
    n = data.draw(st.integers(0, 20), label="n")
    values = data.draw(st.lists(st.sampled_from("abc"), min_size=n, max_size=n))
    assert values.count("b") < 3


tree = st.recursive(st.integers(0, 9), lambda children: st.lists(children, min_size=1, max_size=3), max_leaves=12)


def weight(t):
    return t if isinstance(t, int) else sum(map(weight, t)) + 1


@quiet
@given(tree)
def wrong_tree(t):
    assert weight(t) < 14


class Account(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.balance = 0
        self.history = []

    @rule(amount=st.integers(1, 100))
    def deposit(self, amount):
        self.balance += amount
        self.history.append(amount)

    @precondition(lambda self: self.balance > 50)
    @rule(part=st.floats(0, 1))
    def withdraw(self, part):
        taken = int(self.balance * part) + (len(self.history) > 2)
        self.balance -= taken
        self.history.append(-taken)

    @invariant()
    def positive(self):
        assert self.balance >= 0


for test in (sort_twice, wrong_dict, wrong_sum, wrong_data, wrong_tree, lambda: run_state_machine_as_test(Account, settings=quiet)):
    try:
        test()
        print("holds", len(examples), examples[-3:])
    except AssertionError as error:
        print(getattr(test, "__name__", "machine"), getattr(error, "__notes__", None))
print(find(st.lists(st.integers(), min_size=3), lambda v: sum(v) >= 100 and v[0] > v[1], settings=quiet, random=__import__("random").Random(1)))
print(find(st.from_regex(r"[a-f]{2,4}-\d+", fullmatch=True), lambda s: len(s) > 5, settings=quiet, random=__import__("random").Random(1)))
