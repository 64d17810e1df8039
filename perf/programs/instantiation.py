"""Objects that are made and dropped: linked lists, binary trees, named records, dataclasses."""

from collections import namedtuple
from dataclasses import dataclass

SCALE = 90


class Node:
    def __init__(self, value, following=None):
        self.value = value
        self.following = following


class Tree:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right

    def count(self):
        if self.left is None:
            return 1
        return 1 + self.left.count() + self.right.count()


@dataclass
class Item:
    name: str
    price: int
    amount: int = 1

    def total(self):
        return self.price * self.amount


Point = namedtuple("Point", "x y")


def build_tree(depth):
    if depth == 0:
        return Tree(None, None)
    return Tree(build_tree(depth - 1), build_tree(depth - 1))


def linked_sum(count):
    head = None
    for value in range(count):
        head = Node(value, head)
    total = 0
    while head is not None:
        total += head.value
        head = head.following
    return total


def run(scale):
    checksum = 0
    for turn in range(scale):
        checksum += build_tree(10).count()
        checksum += linked_sum(3000)
        for i in range(2000):
            checksum += Item("thing", i, turn).total()
        point = Point(0, 0)
        for i in range(2000):
            point = Point(point.x + i, point.y - 1)
        checksum += point.x + point.y
    return checksum
