"""A binary search tree walked with recursive generators and yield from."""

SCALE = 70


class Node:
    def __init__(self, key):
        self.key = key
        self.left = None
        self.right = None

    def insert(self, key):
        node = self
        while True:
            if key < node.key:
                if node.left is None:
                    node.left = Node(key)
                    return
                node = node.left
            elif key > node.key:
                if node.right is None:
                    node.right = Node(key)
                    return
                node = node.right
            else:
                return

    def __iter__(self):
        if self.left is not None:
            yield from self.left
        yield self.key
        if self.right is not None:
            yield from self.right


def walk(node, depth=0):
    if node is None:
        return 0
    yield depth
    left = yield from walk(node.left, depth + 1)
    right = yield from walk(node.right, depth + 1)
    return 1 + max(left, right)


def permutations(items):
    if len(items) <= 1:
        yield items
        return
    for i, item in enumerate(items):
        for rest in permutations(items[:i] + items[i + 1 :]):
            yield (item,) + rest


def run(scale):
    checksum = 0
    for turn in range(scale):
        root = Node(32768)
        key = turn + 1
        for _ in range(1000):
            key = (key * 5 + 12347) % 65536
            root.insert(key)
        previous = -1
        for key in root:
            if key <= previous:
                raise AssertionError("out of order")
            previous = key
            checksum += key
        checksum += sum(walk(root))
        for order in permutations((1, 2, 3, 4, 5, 6)):
            checksum += order[0] * order[-1]
    return checksum
