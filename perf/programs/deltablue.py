"""DeltaBlue: an incremental solver for one-way constraints with strengths (the algorithm of Freeman-Benson,
Maloney and Borning), on a chain of equalities and on a set of scaled projections. Written here from the algorithm.
"""

SCALE = 16

REQUIRED, STRONG, MEDIUM, WEAK_DEFAULT, WEAKEST = 0, 2, 4, 5, 6


class Variable:
    def __init__(self, name, value=0):
        self.name = name
        self.value = value
        self.constraints = []
        self.determined_by = None
        self.mark = 0
        self.strength = WEAKEST
        self.stays = True


class Constraint:
    """A rule between variables; `strength` is smaller for more important rules."""

    def __init__(self, strength):
        self.strength = strength

    def is_input(self):
        return False

    def add_to(self, planner):
        for variable in self.variables():
            variable.constraints.append(self)
        self.disable()
        planner.satisfy_all(self)

    def destroy(self, planner):
        for variable in self.variables():
            variable.constraints.remove(self)
        if self.is_satisfied():
            planner.retract(self)

    def satisfy(self, mark, planner):
        """Makes this rule hold if it is strong enough; returns the rule it pushed out, if any."""
        self.choose(mark)
        if not self.is_satisfied():
            if self.strength == REQUIRED:
                raise AssertionError("a required rule cannot hold")
            return None
        for variable in self.inputs():
            variable.mark = mark
        output = self.output()
        overridden = output.determined_by
        if overridden is not None:
            overridden.disable()
        output.determined_by = self
        if not planner.propagate(self, mark):
            raise AssertionError("cycle")
        output.mark = mark
        return overridden

    def inputs_known(self, mark):
        for variable in self.inputs():
            if not (variable.mark == mark or variable.stays or variable.determined_by is None):
                return False
        return True


class UnaryConstraint(Constraint):
    def __init__(self, variable, strength, planner):
        super().__init__(strength)
        self.target = variable
        self.satisfied = False
        self.add_to(planner)

    def variables(self):
        return (self.target,)

    def inputs(self):
        return ()

    def output(self):
        return self.target

    def is_satisfied(self):
        return self.satisfied

    def disable(self):
        self.satisfied = False

    def choose(self, mark):
        self.satisfied = self.target.mark != mark and self.strength < self.target.strength

    def update_output(self):
        self.target.strength = self.strength
        self.target.stays = not self.is_input()
        if self.target.stays:
            self.execute()

    def execute(self):
        pass


class Stay(UnaryConstraint):
    pass


class Edit(UnaryConstraint):
    def is_input(self):
        return True


NONE, FORWARD, BACKWARD = range(3)


class BinaryConstraint(Constraint):
    def __init__(self, first, second, strength, planner):
        super().__init__(strength)
        self.first = first
        self.second = second
        self.direction = NONE
        self.add_to(planner)

    def variables(self):
        return (self.first, self.second)

    def inputs(self):
        return (self.first if self.direction == FORWARD else self.second,)

    def source(self):
        return self.first if self.direction == FORWARD else self.second

    def output(self):
        return self.second if self.direction == FORWARD else self.first

    def is_satisfied(self):
        return self.direction != NONE

    def disable(self):
        self.direction = NONE

    def choose(self, mark):
        first, second = self.first, self.second
        if first.mark == mark:
            free = second.mark != mark and self.strength < second.strength
            self.direction = FORWARD if free else NONE
        elif second.mark == mark:
            free = self.strength < first.strength
            self.direction = BACKWARD if free else NONE
        elif first.strength > second.strength:
            self.direction = BACKWARD if self.strength < first.strength else NONE
        else:
            self.direction = FORWARD if self.strength < second.strength else NONE

    def update_output(self):
        source, output = self.source(), self.output()
        output.strength = max(self.strength, source.strength)
        output.stays = source.stays
        if output.stays:
            self.execute()


class Equal(BinaryConstraint):
    def execute(self):
        self.output().value = self.source().value


class Scaled(BinaryConstraint):
    """second == first * factor + offset"""

    def __init__(self, first, factor, offset, second, strength, planner):
        self.factor = factor
        self.offset = offset
        super().__init__(first, second, strength, planner)

    def variables(self):
        return (self.first, self.second, self.factor, self.offset)

    def inputs(self):
        return (self.source(), self.factor, self.offset)

    def execute(self):
        if self.direction == FORWARD:
            self.second.value = self.first.value * self.factor.value + self.offset.value
        else:
            self.first.value = (self.second.value - self.offset.value) // self.factor.value

    def update_output(self):
        source, output = self.source(), self.output()
        output.strength = max(self.strength, source.strength)
        output.stays = source.stays and self.factor.stays and self.offset.stays
        if output.stays:
            self.execute()


class Plan:
    def __init__(self, constraints):
        self.constraints = constraints

    def execute(self):
        for constraint in self.constraints:
            constraint.execute()


class Planner:
    def __init__(self):
        self.mark = 0

    def new_mark(self):
        self.mark += 1
        return self.mark

    def satisfy_all(self, constraint):
        mark = self.new_mark()
        overridden = constraint.satisfy(mark, self)
        while overridden is not None:
            overridden = overridden.satisfy(mark, self)

    def retract(self, constraint):
        output = constraint.output()
        constraint.disable()
        output.determined_by = None
        output.strength = WEAKEST
        output.stays = True
        unsatisfied = []
        todo = [output]
        while todo:
            variable = todo.pop()
            for other in variable.constraints:
                if not other.is_satisfied():
                    unsatisfied.append(other)
            for other in self.consumers(variable):
                other.update_output()
                todo.append(other.output())
        unsatisfied.sort(key=lambda other: other.strength)
        for other in unsatisfied:
            self.satisfy_all(other)

    def consumers(self, variable):
        return [
            constraint
            for constraint in variable.constraints
            if constraint is not variable.determined_by and constraint.is_satisfied()
        ]

    def propagate(self, constraint, mark):
        todo = [constraint]
        while todo:
            current = todo.pop()
            if current.output().mark == mark:
                return False
            current.update_output()
            todo.extend(self.consumers(current.output()))
        return True

    def plan_for(self, sources):
        mark = self.new_mark()
        todo = [source for source in sources if source.is_input() and source.is_satisfied()]
        order = []
        while todo:
            constraint = todo.pop()
            output = constraint.output()
            if output.mark != mark and constraint.inputs_known(mark):
                order.append(constraint)
                output.mark = mark
                todo.extend(self.consumers(output))
        return Plan(order)


def change(planner, variable, values):
    edit = Edit(variable, STRONG, planner)
    plan = planner.plan_for([edit])
    for value in values:
        variable.value = value
        plan.execute()
    edit.destroy(planner)


def chain(length):
    planner = Planner()
    variables = [Variable(f"v{i}") for i in range(length + 1)]
    for first, second in zip(variables, variables[1:]):
        Equal(first, second, REQUIRED, planner)
    Stay(variables[-1], WEAK_DEFAULT, planner)
    edit = Edit(variables[0], STRONG, planner)
    plan = planner.plan_for([edit])
    for value in range(50):
        variables[0].value = value
        plan.execute()
        if variables[-1].value != value:
            raise AssertionError("the chain broke")
    edit.destroy(planner)
    return planner.mark


def projection(count):
    planner = Planner()
    factor, offset = Variable("factor", 10), Variable("offset", 1000)
    sources, targets = [], []
    for i in range(count):
        source, target = Variable(f"source{i}", i), Variable(f"target{i}", i)
        sources.append(source)
        targets.append(target)
        Stay(source, WEAK_DEFAULT, planner)
        Scaled(source, factor, offset, target, REQUIRED, planner)
    change(planner, source, [17])
    if target.value != 1170:
        raise AssertionError("forward projection")
    change(planner, target, [1050])
    if source.value != 5:
        raise AssertionError("backward projection")
    change(planner, factor, [5, 6, 5])
    change(planner, offset, [2000])
    for source, target in zip(sources[:-1], targets[:-1]):
        if target.value != source.value * 5 + 2000:
            raise AssertionError("all projections")
    return planner.mark


def run(scale):
    return [(chain(400), projection(500)) for _ in range(scale)][-1]
