"""Richards: an operating system's scheduler with idle, worker, handler and device tasks that pass packets.

The task mix and packet counts are those of Martin Richards' benchmark; classes and code are written here.
"""

SCALE = 4

IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = range(6)
DEVICE_PACKET, WORK_PACKET = range(2)
PACKET_BYTES = 4


class Packet:
    def __init__(self, following, owner, kind):
        self.following = following
        self.owner = owner
        self.kind = kind
        self.value = 0
        self.data = [0] * PACKET_BYTES

    def append_to(self, queue):
        self.following = None
        if queue is None:
            return self
        last = queue
        while last.following is not None:
            last = last.following
        last.following = self
        return queue


class Task:
    def __init__(self, scheduler, ident, priority, queue):
        self.scheduler = scheduler
        self.ident = ident
        self.priority = priority
        self.queue = queue
        self.has_packet = queue is not None
        self.waiting = False
        self.held = False
        self.following = scheduler.tasks
        scheduler.tasks = self
        scheduler.table[ident] = self

    def runnable(self):
        return not self.held and (not self.waiting or self.has_packet)

    def resume(self):
        packet = None
        if self.waiting and self.has_packet:
            packet = self.queue
            self.queue = packet.following
            self.waiting = False
            self.has_packet = self.queue is not None
        return self.work(packet)

    def accept(self, packet, sender):
        if self.queue is None:
            self.queue = packet
            self.has_packet = True
            if self.priority > sender.priority:
                return self
        else:
            packet.append_to(self.queue)
        return sender

    def work(self, packet):
        raise NotImplementedError

    def wait(self):
        self.waiting = True
        return self


class IdleTask(Task):
    def __init__(self, scheduler, turns):
        super().__init__(scheduler, IDLE, 0, None)
        self.control = 1
        self.turns = turns

    def work(self, packet):
        self.turns -= 1
        if self.turns == 0:
            return self.scheduler.hold()
        if self.control & 1 == 0:
            self.control >>= 1
            return self.scheduler.release(DEVICE_A)
        self.control = self.control >> 1 ^ 0xD008
        return self.scheduler.release(DEVICE_B)


class WorkerTask(Task):
    def __init__(self, scheduler, priority, queue):
        super().__init__(scheduler, WORKER, priority, queue)
        self.waiting = True
        self.destination = HANDLER_A
        self.count = 0

    def work(self, packet):
        if packet is None:
            return self.wait()
        self.destination = HANDLER_B if self.destination == HANDLER_A else HANDLER_A
        packet.owner = self.destination
        packet.value = 0
        for i in range(PACKET_BYTES):
            self.count += 1
            if self.count > 26:
                self.count = 1
            packet.data[i] = 64 + self.count
        return self.scheduler.send(packet)


class HandlerTask(Task):
    def __init__(self, scheduler, ident, priority, queue):
        super().__init__(scheduler, ident, priority, queue)
        self.waiting = True
        self.work_queue = None
        self.device_queue = None

    def work(self, packet):
        if packet is not None:
            if packet.kind == WORK_PACKET:
                self.work_queue = packet.append_to(self.work_queue)
            else:
                self.device_queue = packet.append_to(self.device_queue)
        job = self.work_queue
        if job is None:
            return self.wait()
        done = job.value
        if done >= PACKET_BYTES:
            self.work_queue = job.following
            return self.scheduler.send(job)
        device = self.device_queue
        if device is None:
            return self.wait()
        self.device_queue = device.following
        device.value = job.data[done]
        job.value = done + 1
        return self.scheduler.send(device)


class DeviceTask(Task):
    def __init__(self, scheduler, ident, priority):
        super().__init__(scheduler, ident, priority, None)
        self.waiting = True
        self.pending = None

    def work(self, packet):
        if packet is None:
            packet = self.pending
            if packet is None:
                return self.wait()
            self.pending = None
            return self.scheduler.send(packet)
        self.pending = packet
        return self.scheduler.hold()


class Scheduler:
    def __init__(self):
        self.tasks = None
        self.table = [None] * 6
        self.current = None
        self.sent = 0
        self.holds = 0

    def run(self):
        task = self.tasks
        while task is not None:
            if task.runnable():
                self.current = task
                task = task.resume()
            else:
                task = task.following

    def hold(self):
        self.holds += 1
        self.current.held = True
        return self.current.following

    def release(self, ident):
        task = self.table[ident]
        task.held = False
        if task.priority > self.current.priority:
            return task
        return self.current

    def send(self, packet):
        receiver = self.table[packet.owner]
        self.sent += 1
        packet.following = None
        packet.owner = self.current.ident
        return receiver.accept(packet, self.current)


def simulate():
    scheduler = Scheduler()
    IdleTask(scheduler, 10000)
    queue = Packet(None, None, WORK_PACKET)
    queue = Packet(queue, None, WORK_PACKET)
    WorkerTask(scheduler, 1000, queue)
    for handler, device, priority in ((HANDLER_A, DEVICE_A, 2000), (HANDLER_B, DEVICE_B, 3000)):
        queue = None
        for _ in range(3):
            queue = Packet(queue, device, DEVICE_PACKET)
        HandlerTask(scheduler, handler, priority, queue)
    DeviceTask(scheduler, DEVICE_A, 4000)
    DeviceTask(scheduler, DEVICE_B, 5000)
    scheduler.run()
    return scheduler.sent, scheduler.holds


def run(scale):
    results = {simulate() for _ in range(scale)}
    if results != {(23246, 9297)}:
        raise AssertionError(f"the scheduler sent and held {results}")
    return results.pop()
