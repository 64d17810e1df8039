"""What is printed of attribute and name errors that nobody caught: the suggestions need the error's name and owner."""
import sys


class Owner:
    value = 1

    def __init__(self):
        self.measure = 2

    def method(self):
        return self.measur

    @property
    def broken(self):
        return self.valu


class Hooked:
    known = 1

    def __getattr__(self, name):
        raise AttributeError("not by the hook")


def attribute(owner):
    return owner.measur


def method(owner):
    return owner.metod()


def broken(owner):
    return owner.broken


def hooked(owner):
    return owner.knwn


def store(owner):
    owner.__slots = 1
    (1).value = 2


def name(owner):
    return prnt(owner)


def later(owner):
    return atribute(owner)


for turn in range(3):
    for function, owner in [(attribute, Owner()), (method, Owner()), (broken, Owner()), (hooked, Hooked()), (store, Owner()), (name, 1), (later, 1),
                            (Owner.method, Owner()), (attribute, sys), (attribute, Owner), (method, Owner), (broken, Owner)]:
        try:
            for _ in range(turn * 30 + 1):
                function(owner)
        except Exception:
            sys.excepthook(*sys.exc_info())
attribute(Owner())
