"""An interpreter for a small register-less stack machine: an assembler, a dispatch loop, two programs."""

SCALE = 15

PUSH, LOAD, STORE, ADD, SUB, MUL, MOD, LESS, JUMP, JUMP_IF_FALSE, CALL, RETURN, PRINT, HALT = range(14)

NAMES = {
    "push": PUSH, "load": LOAD, "store": STORE, "add": ADD, "sub": SUB, "mul": MUL, "mod": MOD, "less": LESS,
    "jump": JUMP, "unless": JUMP_IF_FALSE, "call": CALL, "return": RETURN, "print": PRINT, "halt": HALT,
}

COUNTING = """
    push 0  store 0  push 0  store 1
loop:
    load 0  push {limit}  less  unless done
    load 1  load 0  load 0  mul  push 7  mod  add  store 1
    load 0  push 1  add  store 0
    jump loop
done:
    load 1  print  halt
"""

FIBONACCI = """
    push {n}  call fib  print  halt
fib:
    store 0
    load 0  push 2  less  unless recurse
    load 0  return
recurse:
    load 0  push 1  sub  call fib
    load 0  push 2  sub  call fib
    add  return
"""


def assemble(text):
    labels = {}
    code = []
    fixups = []
    words = iter(text.split())
    for word in words:
        if word.endswith(":"):
            labels[word[:-1]] = len(code)
            continue
        code.append(NAMES[word])
        if word in ("push", "load", "store"):
            code.append(int(next(words)))
        elif word in ("jump", "unless", "call"):
            fixups.append((len(code), next(words)))
            code.append(0)
    for place, label in fixups:
        code[place] = labels[label]
    return code


class Machine:
    def __init__(self, code):
        self.code = code
        self.stack = []
        self.frames = []
        self.output = []
        self.steps = 0

    def run(self):
        code = self.code
        stack = self.stack
        push = stack.append
        pop = stack.pop
        names = [0] * 4
        pc = 0
        steps = 0
        while True:
            op = code[pc]
            pc += 1
            steps += 1
            if op == PUSH:
                push(code[pc])
                pc += 1
            elif op == LOAD:
                push(names[code[pc]])
                pc += 1
            elif op == STORE:
                names[code[pc]] = pop()
                pc += 1
            elif op == ADD:
                right = pop()
                stack[-1] += right
            elif op == SUB:
                right = pop()
                stack[-1] -= right
            elif op == MUL:
                right = pop()
                push(pop() * right)
            elif op == MOD:
                right = pop()
                push(pop() % right)
            elif op == LESS:
                right = pop()
                push(pop() < right)
            elif op == JUMP:
                pc = code[pc]
            elif op == JUMP_IF_FALSE:
                pc = pc + 1 if pop() else code[pc]
            elif op == CALL:
                self.frames.append((pc + 1, names))
                names = [0] * 4
                pc = code[pc]
            elif op == RETURN:
                pc, names = self.frames.pop()
            elif op == PRINT:
                self.output.append(pop())
            elif op == HALT:
                self.steps = steps
                return self.output


def run(scale):
    counting = Machine(assemble(COUNTING.format(limit=5000 * scale)))
    fibonacci = [Machine(assemble(FIBONACCI.format(n=13))) for _ in range(scale)]
    return counting.run(), counting.steps, [machine.run() for machine in fibonacci], fibonacci[0].steps
