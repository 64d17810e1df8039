"""Properties, class attributes, static and class methods, and a __getattr__ fallback."""

SCALE = 270000


class Temperature:
    offset = 273
    made = 0

    def __init__(self, kelvin):
        self._kelvin = kelvin

    @property
    def celsius(self):
        return self._kelvin - self.offset

    @celsius.setter
    def celsius(self, value):
        self._kelvin = value + self.offset

    @property
    def is_freezing(self):
        return self.celsius <= 0

    @classmethod
    def from_celsius(cls, value):
        cls.made += 1
        return cls(value + cls.offset)

    @staticmethod
    def average(a, b):
        return (a + b) // 2


class Settings:
    """Falls back to defaults for names that were not set on the instance."""

    defaults = {"depth": 3, "width": 80}

    def __init__(self, depth):
        self.depth = depth

    def __getattr__(self, name):
        try:
            return self.defaults[name]
        except KeyError:
            raise AttributeError(name) from None


def run(scale):
    Temperature.made = 0
    settings = Settings(5)
    reading = Temperature(300)
    frozen = 0
    total = 0
    for i in range(scale):
        reading.celsius = i % 50 - 25
        if reading.is_freezing:
            frozen += 1
        total += Temperature.average(reading.celsius, settings.depth)
        if i % 8 == 0:
            total += Temperature.from_celsius(i & 31).celsius + settings.width
    return total, frozen, Temperature.made
