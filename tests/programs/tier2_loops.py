"""Loops in tier 2: numbers that stand in registers while their homes hold something older, and what must not be seen of it."""
# test: modes=tier0,default,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc

import sys

TURNS = 60


class Loud:
    """Tells when it dies, and what its neighbours are then."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        print("dies", self.name, sorted((k, v) for k, v in frame.f_locals.items() if isinstance(v, (int, float, str))))


def show(turn):
    """The caller's numbers, as a debugger would see them."""
    if turn % 29 == 7:
        frame = sys._getframe(1)
        print(sorted((k, v) for k, v in frame.f_locals.items() if isinstance(v, (int, float, str))), frame.f_lineno)


def inner_index(rows):
    total = 0
    for row in range(rows):
        for column in range(row):
            total += column * row
        show(row)
    return total


def index_held_object(rows):
    column = Loud("before the loop")
    total = 0
    for row in range(rows):
        for column in range(row + 1):
            total += column
    return total, column


def index_is_object_again(rows):
    total = 0
    for row in range(rows):
        for column in range(3):
            total += column
        if row % 20 == 3:
            column = Loud(row)
        elif row % 20 == 8:
            column = "text"
        elif row % 20 == 13:
            column = [row]
    return total, type(column).__name__


def index_after_loop(counts):
    seen = []
    for count in counts:
        for index in range(count):
            pass
        seen.append(index)
    return seen


def index_unbound(count):
    for index in range(count):
        pass
    return index


def index_deleted(count):
    total = 0
    for turn in range(count):
        for index in range(3):
            total += index
        del index
        if turn == 50:
            show(7)
            try:
                index
            except UnboundLocalError as error:
                print(error)
    return total


def deleted_sometimes(count):
    total = 0
    value = 0
    for turn in range(count):
        value = value + 1
        total += value
        if turn % 16 == 15:
            del value
            value = 5
        if turn == count - 1:
            del value
    try:
        return total, value
    except UnboundLocalError as error:
        return total, str(error)


def bound_in_some_turns(count, every):
    total = 0
    for turn in range(count):
        if turn % every == 0:
            found = turn * 3
        show(turn)
    return found + total


def kinds_change(count):
    total = 0
    kinds = []
    for turn in range(count):
        last = turn * 2
        if turn % 10 == 5:
            last = turn * 0.5
        if turn % 10 == 7:
            last = "seven"
        kinds.append(last)
        total += turn
    return total, kinds[-12:], last


def two_kinds_at_the_end(count):
    for turn in range(count):
        if turn & 1:
            last = turn * 2
        else:
            last = turn * 0.5
    return last


def accumulates_floats(rows):
    sums = []
    for row in rows:
        total = 0
        for value in row:
            total += value
        sums.append(total)
    return sums


def sums(rows, seen):
    """An int before the loop, a float after its first turn; or not, or not always."""
    results = []
    for row in rows:
        total = 0
        most = -1
        for position, value in enumerate(row):
            if value == "stop":
                break
            if value is None:
                continue
            total += value
            if value > most:
                most = value
            if position == seen:
                show(7)
        results.append((total, most))
    return results


def halves(limit, step):
    """The same in a while loop, which ends behind its condition."""
    value = 1
    turns = 0
    while value < limit:
        value = value * 1.5 + step
        turns += 1
        if turns > 900:
            return "long", value
    return value, turns


def first_turn_raises(rows):
    found = []
    for row in rows:
        total = 1
        try:
            for value in row:
                total = total / value
        except ZeroDivisionError:
            found.append(("zero", total))
        else:
            found.append(total)
    return found


def complex_after_a_turn(count):
    z = 1
    for turn in range(count):
        z = z * 1j + turn
    return z


def overflows(count):
    value = 3
    other = 1
    for turn in range(count):
        other = value - turn
        value = value * 3 + 1
        show(turn)
    return value, other


def fails_at(count, where):
    total = 0.5
    items = list(range(where))
    for turn in range(count):
        twice = turn * 2
        total += items[turn]
        last = twice
    return total, last


def caught_in_the_middle(count):
    caught = []
    for turn in range(count):
        square = turn * turn
        try:
            quotient = 100 // (turn % 20 - 10)
        except ZeroDivisionError:
            caught.append((turn, square))
            continue
        rest = quotient + square
    return caught, rest


def shrinks(items, callee):
    total = 0
    for position in range(len(items)):
        if position >= len(items):
            break
        value = items[position]
        total += value
        callee(items, position)
    return total, position, value


def pop_some(items, position):
    if position % 7 == 3:
        items.pop()


def shrinks_under_iteration(items):
    total = 0
    for value in items:
        double = value * 2
        total += double
        if value % 5 == 2:
            del items[-2:]
    return total, double, len(items)


def same_object(count):
    first = 1000
    same = 0
    for turn in range(count):
        second = first
        third = turn * 1000
        first = third
        if first is third:
            same += 1
        if second is not first:
            same += 100
    return same


def identity_of_constants(count):
    same = 0
    for turn in range(count):
        one = 1.5
        other = 1.5
        product = one * 1.0
        same += (one is other) + 10 * (product is one)
    return same


def while_with_flag(limit):
    value = 27
    steps = 0
    while value != 1:
        odd = value & 1
        if odd:
            value = 3 * value + 1
        else:
            half = value >> 1
            value = half
        steps += 1
        if steps > limit:
            break
    return steps, value, odd, half


def nested_breaks(size):
    found = []
    for a in range(2, size):
        for b in range(2, a):
            if a % b == 0:
                break
        else:
            found.append(a)
            continue
        found.append(-b)
    return found, a, b


def traced_midway(count, where):
    lines = []

    def trace(frame, event, argument):
        if event == "line" and frame.f_code is code:
            lines.append((frame.f_lineno - code.co_firstlineno, frame.f_locals.get("index")))
        return trace

    def start(turn):
        if turn == where:
            sys.settrace(trace)
            sys._getframe(1).f_trace = trace

    def loop(count):
        total = 0
        for turn in range(count):
            for index in range(2):
                total += index
            start(turn)
            if turn == where + 1:
                sys.settrace(None)
        return total

    code = loop.__code__
    result = loop(count)
    return result, lines


def report(function, *arguments):
    try:
        print(function.__name__, function(*arguments))
    except Exception as error:
        trace = error.__traceback__
        while trace.tb_next is not None:
            trace = trace.tb_next
        values = {k: v for k, v in trace.tb_frame.f_locals.items() if isinstance(v, (int, float, str))}
        print(function.__name__, type(error).__name__, error, trace.tb_lineno, values)


for _ in range(3):
    report(inner_index, TURNS)
    report(index_held_object, TURNS)
    report(index_is_object_again, TURNS)
    report(index_after_loop, [3, 2] * 20 + [0, 0, 5, 0])
    report(index_after_loop, [0, 1])
    report(index_unbound, 100)
    report(index_unbound, 0)
    report(index_deleted, TURNS)
    report(deleted_sometimes, TURNS)
    report(bound_in_some_turns, TURNS, 4)
    report(bound_in_some_turns, 0, 4)
    report(kinds_change, TURNS)
    report(two_kinds_at_the_end, TURNS)
    report(two_kinds_at_the_end, TURNS + 1)
    report(accumulates_floats, [[0.5] * 20, [1] * 20, [], [1, 0.5] * 9, [True] * 9] * 3)
    report(sums, [[0.5] * 30, [1, 2, 3] * 9, [], [None, 1.5], ["stop", 1], [2.5, "stop"], [1, 2.5, None, -3] * 8] * 3, 5)
    report(sums, [[0.25, True, 10**20, 1.5] * 6, [1e308] * 4, [2**62] * 5] * 5, 3)
    report(halves, 1e6, 1)
    report(halves, 1, 1)
    report(halves, 1e300, 0.5)
    report(halves, 3, -10)
    report(first_turn_raises, [[2, 4, 8] * 9, [0], [1, 0], [0.5] * 9, [], [3, 0.0]] * 5)
    report(complex_after_a_turn, TURNS)
    report(complex_after_a_turn, 0)
    report(overflows, TURNS)
    report(fails_at, TURNS, TURNS)
    report(fails_at, TURNS, 41)
    report(caught_in_the_middle, TURNS)
    report(shrinks, list(range(TURNS)), pop_some)
    report(shrinks_under_iteration, list(range(TURNS)))
    report(same_object, TURNS)
    report(identity_of_constants, TURNS)
    report(while_with_flag, 200)
    report(nested_breaks, TURNS)
    report(traced_midway, TURNS, 30)
