"""Method calls on instances: a stack machine's parts, inheritance, dispatch over several classes."""

SCALE = 145000


class Shape:
    def __init__(self, name):
        self.name = name

    def area(self):
        raise NotImplementedError

    def scaled_area(self, factor):
        return self.area() * factor

    def label(self):
        return self.name


class Square(Shape):
    def __init__(self, side):
        super().__init__("square")
        self.side = side

    def area(self):
        return self.side * self.side


class Rectangle(Shape):
    def __init__(self, width, height):
        super().__init__("rectangle")
        self.width = width
        self.height = height

    def area(self):
        return self.width * self.height


class Triangle(Shape):
    def __init__(self, base, height):
        super().__init__("triangle")
        self.base = base
        self.height = height

    def area(self):
        return self.base * self.height // 2


class Account:
    __slots__ = ("balance", "history")

    def __init__(self):
        self.balance = 0
        self.history = 0

    def deposit(self, amount):
        self.balance += amount
        self.note()
        return self

    def withdraw(self, amount):
        if amount > self.balance:
            return self
        self.balance -= amount
        self.note()
        return self

    def note(self):
        self.history += 1


def run(scale):
    shapes = [Square(3), Rectangle(2, 5), Triangle(4, 6), Square(7)]
    account = Account()
    total = 0
    for i in range(scale):
        for shape in shapes:
            total += shape.scaled_area(2) + len(shape.label())
        account.deposit(i & 15).withdraw(7).deposit(2)
    return total, account.balance, account.history
