"""A shop simulated event by event: a heap of events, customers, tills, queues, statistics."""

import heapq
from collections import deque

SCALE = 36000


class Random:
    def __init__(self, seed):
        self.state = seed

    def between(self, low, high):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return low + (self.state >> 33) % (high - low + 1)


class Event:
    __slots__ = ("time", "order", "action", "subject")

    def __init__(self, time, order, action, subject):
        self.time = time
        self.order = order
        self.action = action
        self.subject = subject

    def __lt__(self, other):
        if self.time != other.time:
            return self.time < other.time
        return self.order < other.order


class Customer:
    def __init__(self, number, arrival, items):
        self.number = number
        self.arrival = arrival
        self.items = items


class Till:
    def __init__(self, shop, seconds_per_item):
        self.shop = shop
        self.seconds_per_item = seconds_per_item
        self.queue = deque()
        self.busy = False
        self.served = 0
        self.busy_time = 0

    def load(self):
        return len(self.queue) + self.busy

    def join(self, customer):
        if self.busy:
            self.queue.append(customer)
        else:
            self.start(customer)

    def start(self, customer):
        self.busy = True
        duration = 5 + customer.items * self.seconds_per_item
        self.busy_time += duration
        self.shop.schedule(duration, self.finish, customer)

    def finish(self, customer):
        self.served += 1
        self.busy = False
        self.shop.leave(customer)
        if self.queue:
            self.start(self.queue.popleft())


class Shop:
    def __init__(self, customers, seed):
        self.random = Random(seed)
        self.events = []
        self.now = 0
        self.order = 0
        self.remaining = customers
        self.arrived = 0
        self.time_inside = 0
        self.longest = 0
        self.tills = [Till(self, seconds) for seconds in (2, 3, 3, 4)]
        self.schedule(0, self.arrive, None)

    def schedule(self, delay, action, subject):
        self.order += 1
        heapq.heappush(self.events, Event(self.now + delay, self.order, action, subject))

    def arrive(self, _):
        customer = Customer(self.arrived, self.now, self.random.between(1, 30))
        self.arrived += 1
        self.schedule(customer.items * 4, self.queue_up, customer)
        if self.arrived < self.remaining:
            self.schedule(self.random.between(5, 25), self.arrive, None)

    def queue_up(self, customer):
        min(self.tills, key=Till.load).join(customer)

    def leave(self, customer):
        inside = self.now - customer.arrival
        self.time_inside += inside
        if inside > self.longest:
            self.longest = inside

    def run(self):
        while self.events:
            event = heapq.heappop(self.events)
            self.now = event.time
            event.action(event.subject)


def run(scale):
    shop = Shop(scale, 2024)
    shop.run()
    return shop.now, shop.time_inside, shop.longest, [till.served for till in shop.tills]
