"""Whole little programs: sorting, graphs, games, parsers, simulation, numerics; many types, many shapes of code."""
import collections
import heapq
import random


def queens(n):
    def place(row, columns, rising, falling):
        if row == n:
            return 1
        count = 0
        for c in range(n):
            if c not in columns and row + c not in rising and row - c not in falling:
                count += place(row + 1, columns | {c}, rising | {row + c}, falling | {row - c})
        return count

    return place(0, frozenset(), frozenset(), frozenset())


def sieve(n):
    flags = bytearray([1]) * (n + 1)
    flags[0:2] = b"\0\0"
    i = 2
    while i * i <= n:
        if flags[i]:
            flags[i * i::i] = bytes(len(range(i * i, n + 1, i)))
        i += 1
    return [i for i, f in enumerate(flags) if f]


def quicksort(items):
    if len(items) <= 1:
        return items
    pivot = items[len(items) // 2]
    return quicksort([x for x in items if x < pivot]) + [x for x in items if x == pivot] + quicksort([x for x in items if x > pivot])


def merge_sort_in_place(a):
    width = 1
    while width < len(a):
        for i in range(0, len(a), 2 * width):
            left, right = a[i:i + width], a[i + width:i + 2 * width]
            j = k = 0
            for m in range(i, min(i + 2 * width, len(a))):
                if k >= len(right) or (j < len(left) and left[j] <= right[k]):
                    a[m] = left[j]
                    j += 1
                else:
                    a[m] = right[k]
                    k += 1
        width *= 2
    return a


def dijkstra(graph, start):
    distance = {start: 0}
    heap = [(0, start)]
    while heap:
        d, node = heapq.heappop(heap)
        if d > distance[node]:
            continue
        for other, weight in graph.get(node, ()):
            if d + weight < distance.get(other, float("inf")):
                distance[other] = d + weight
                heapq.heappush(heap, (d + weight, other))
    return distance


def life(cells, generations):
    for _ in range(generations):
        neighbours = collections.Counter((x + dx, y + dy) for x, y in cells for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)
        cells = {c for c, n in neighbours.items() if n == 3 or (n == 2 and c in cells)}
    return sorted(cells)


class Parser:
    """Arithmetic expressions by recursive descent."""

    def __init__(self, text):
        self.text, self.at = text.replace(" ", ""), 0

    def peek(self):
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self):
        c = self.peek()
        self.at += 1
        return c

    def expression(self):
        value = self.term()
        while self.peek() in ("+", "-"):
            value = value + self.term() if self.take() == "+" else value - self.term()
        return value

    def term(self):
        value = self.factor()
        while self.peek() and self.peek() in "*/":
            if self.take() == "*":
                value *= self.factor()
            else:
                value /= self.factor()
        return value

    def factor(self):
        if self.peek() == "(":
            self.take()
            value = self.expression()
            if self.take() != ")":
                raise SyntaxError("missing )")
            return value
        if self.peek() == "-":
            self.take()
            return -self.factor()
        digits = ""
        while self.peek().isdigit() or self.peek() == ".":
            digits += self.take()
        if not digits:
            raise SyntaxError(f"unexpected {self.peek()!r} at {self.at}")
        return float(digits) if "." in digits else int(digits)


def nbody(steps):
    bodies = [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47], [4.84, -1.16, -0.10, 0.606, 2.81, -0.02, 0.037], [8.34, 4.12, -0.4, -1.01, 1.82, 0.008, 0.011]]
    for _ in range(steps):
        for i, a in enumerate(bodies):
            for b in bodies[i + 1:]:
                dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
                m = 0.01 * (dx * dx + dy * dy + dz * dz) ** -1.5
                a[3] -= dx * b[6] * m
                a[4] -= dy * b[6] * m
                a[5] -= dz * b[6] * m
                b[3] += dx * a[6] * m
                b[4] += dy * a[6] * m
                b[5] += dz * a[6] * m
        for a in bodies:
            a[0] += 0.01 * a[3]
            a[1] += 0.01 * a[4]
            a[2] += 0.01 * a[5]
    return [x.hex() for x in bodies[1][:3]]


def matrix_multiply(a, b):
    columns = list(zip(*b))
    return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]


def spectral(n):
    def a(i, j):
        return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)

    def times(v):
        return [sum(a(i, j) * v[j] for j in range(n)) for i in range(n)]

    u = [1.0] * n
    for _ in range(4):
        u = times(u)
    return u[0].hex()


def edit_distance(a, b):
    previous = list(range(len(b) + 1))
    for i, ca in enumerate(a, 1):
        current = [i]
        for j, cb in enumerate(b, 1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (ca != cb)))
        previous = current
    return previous[-1]


class Account:
    total = 0

    def __init__(self, owner, balance=0):
        self.owner, self.balance, self.history = owner, balance, []
        Account.total += balance

    def transfer(self, other, amount):
        if amount > self.balance:
            raise ValueError(f"{self.owner} has only {self.balance}")
        self.balance -= amount
        other.balance += amount
        self.history.append((other.owner, -amount))
        other.history.append((self.owner, amount))


def bank(n):
    r = random.Random(7)
    accounts = [Account(f"owner {i}", 1000) for i in range(10)]
    refused = 0
    for _ in range(n):
        a, b = r.sample(accounts, 2)
        try:
            a.transfer(b, r.randrange(800))
        except ValueError:
            refused += 1
    return refused, sum(a.balance for a in accounts), max(len(a.history) for a in accounts)


def brainf(program, data=b""):
    jumps, stack = {}, []
    for i, c in enumerate(program):
        if c == "[":
            stack.append(i)
        elif c == "]":
            jumps[i] = stack.pop()
            jumps[jumps[i]] = i
    tape, at, pc, out = [0] * 300, 0, 0, []
    while pc < len(program):
        c = program[pc]
        if c == ">":
            at += 1
        elif c == "<":
            at -= 1
        elif c == "+":
            tape[at] = (tape[at] + 1) & 255
        elif c == "-":
            tape[at] = (tape[at] - 1) & 255
        elif c == ".":
            out.append(chr(tape[at]))
        elif c == "[" and not tape[at]:
            pc = jumps[pc]
        elif c == "]" and tape[at]:
            pc = jumps[pc]
        pc += 1
    return "".join(out)


def sudoku(board):
    for i in range(81):
        if board[i] == "0":
            r, c = divmod(i, 9)
            used = {board[j] for j in range(81) if j // 9 == r or j % 9 == c or (j // 27 == i // 27 and j % 9 // 3 == c // 3)}
            for d in "123456789":
                if d not in used:
                    if solved := sudoku(board[:i] + d + board[i + 1:]):
                        return solved
            return None
    return board


def fannkuch(n):
    best = 0
    permutation, count, r = list(range(n)), [0] * n, n
    while True:
        while r != 1:
            count[r - 1] = r
            r -= 1
        flips, p = 0, permutation[:]
        while (k := p[0]):
            p[:k + 1] = p[k::-1]
            flips += 1
        best = max(best, flips)
        while True:
            if r == n:
                return best
            permutation.insert(r, permutation.pop(0))
            count[r] -= 1
            if count[r] > 0:
                break
            r += 1


def pi_digits(n):
    out, q, r, t, k, m, x = [], 1, 0, 1, 1, 3, 3
    while len(out) < n:
        if 4 * q + r - t < m * t:
            out.append(str(m))
            q, r, m = 10 * q, 10 * (r - m * t), (10 * (3 * q + r)) // t - 10 * m
        else:
            q, r, t, k, m, x = q * k, (2 * q + r) * x, t * x, k + 1, (q * (7 * k + 2) + r * x) // (t * x), x + 2
    return "".join(out)


def lempel_ziv(data):
    table, out, w = {bytes([i]): i for i in range(256)}, [], b""
    for byte in data:
        c = w + bytes([byte])
        if c in table:
            w = c
        else:
            out.append(table[w])
            table[c] = len(table)
            w = bytes([byte])
    out.append(table[w])
    return len(out), out[:10]


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def hanoi(n, a, b, c):
    return 0 if n == 0 else hanoi(n - 1, a, c, b) + 1 + hanoi(n - 1, c, b, a)


def collatz(limit):
    best = (0, 0)
    for start in range(1, limit):
        n, steps = start, 0
        while n != 1:
            n = n >> 1 if not n & 1 else 3 * n + 1
            steps += 1
        best = max(best, (steps, start))
    return best


r = random.Random(1)
numbers = [r.randrange(1000) for _ in range(2000)]
print(queens(6), len(sieve(20000)), sieve(50))
print(quicksort(numbers) == sorted(numbers) == merge_sort_in_place(numbers[:]))
graph = {i: [((i * 7 + 3) % 100, i % 11 + 1), ((i * 3 + 1) % 100, i % 7 + 2), ((i + 1) % 100, 9)] for i in range(100)}
print(sorted(dijkstra(graph, 0).items())[:10], sum(dijkstra(graph, 5).values()))
print(life({(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}, 40))
for text in ("1 + 2 * 3", "-(4 - 6) * 2.5 / (1 + 1)", "((((7))))", "2 * (3", "1 + * 2"):
    try:
        print(text, [Parser(text).expression() for _ in range(50)][-1])
    except SyntaxError as error:
        print(text, error)
print(nbody(200), spectral(20))
print(matrix_multiply([[i * j % 5 for j in range(12)] for i in range(12)], [[i + j for j in range(12)] for i in range(12)])[3])
print(edit_distance("kitten sitting on the mat" * 3, "sitting kitten at the met" * 3), bank(2000))
print(brainf("++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>.<-.<.+++.------.--------.>>+."))
print(sudoku("530070000600195000098000060800060003400803001700020006060000280000419005000080079"))
print(fannkuch(6), pi_digits(60), lempel_ziv(b"abababcabcabcdabcd" * 40), fibonacci(18), hanoi(10, "a", "b", "c"), collatz(1500))
