"""Graphs: breadth-first search on a grid, Dijkstra with a heap, union-find, topological order."""

import heapq
from collections import deque

SCALE = 90


class Grid:
    def __init__(self, width, height):
        self.width = width
        self.height = height
        self.walls = {(x, y) for x in range(width) for y in range(height) if (x * 7 + y * 13) % 5 == 0 and x != y}

    def neighbours(self, cell):
        x, y = cell
        for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1)):
            step = (x + dx, y + dy)
            if 0 <= step[0] < self.width and 0 <= step[1] < self.height and step not in self.walls:
                yield step

    def cost(self, cell):
        return 1 + (cell[0] * 3 + cell[1]) % 4


def breadth_first(grid, start):
    distance = {start: 0}
    queue = deque([start])
    while queue:
        cell = queue.popleft()
        for step in grid.neighbours(cell):
            if step not in distance:
                distance[step] = distance[cell] + 1
                queue.append(step)
    return distance


def dijkstra(grid, start):
    best = {start: 0}
    heap = [(0, start)]
    done = set()
    while heap:
        cost, cell = heapq.heappop(heap)
        if cell in done:
            continue
        done.add(cell)
        for step in grid.neighbours(cell):
            candidate = cost + grid.cost(step)
            if step not in best or candidate < best[step]:
                best[step] = candidate
                heapq.heappush(heap, (candidate, step))
    return best


class Groups:
    def __init__(self, size):
        self.parent = list(range(size))
        self.sizes = [1] * size

    def find(self, item):
        parent = self.parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, a, b):
        a, b = self.find(a), self.find(b)
        if a == b:
            return False
        if self.sizes[a] < self.sizes[b]:
            a, b = b, a
        self.parent[b] = a
        self.sizes[a] += self.sizes[b]
        return True


def topological(edges, count):
    followers = [[] for _ in range(count)]
    waiting = [0] * count
    for before, after in edges:
        followers[before].append(after)
        waiting[after] += 1
    ready = [node for node in range(count) if not waiting[node]]
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for after in followers[node]:
            waiting[after] -= 1
            if not waiting[after]:
                ready.append(after)
    return order


def run(scale):
    checksum = 0
    for turn in range(scale):
        grid = Grid(30, 30)
        checksum += sum(breadth_first(grid, (0, 0)).values())
        checksum += sum(dijkstra(grid, (0, 0)).values())
        groups = Groups(1500)
        joined = 0
        for i in range(2500):
            joined += groups.join(i * 7 % 1500, (i * i + turn) % 1500)
        checksum += joined
        edges = [(i, j) for i in range(200) for j in range(i + 1, min(i + 9, 200)) if (i * j) % 3]
        checksum += sum(i * node for i, node in enumerate(topological(edges, 200)))
    return checksum
