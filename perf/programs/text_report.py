"""Records parsed from text, grouped, formatted: split, int, dict of lists, f-strings, sorted, join."""

SCALE = 190

LINES = [
    f"{year}-{month:02d}-{day:02d};{['north', 'south', 'east', 'west'][(month + day) % 4]};{day * month % 97};{day * 1.25:.2f}"
    for year in (2023, 2024)
    for month in range(1, 13)
    for day in range(1, 29)
]


class Record:
    __slots__ = ("year", "month", "region", "units", "price")

    def __init__(self, year, month, region, units, price):
        self.year = year
        self.month = month
        self.region = region
        self.units = units
        self.price = price

    @property
    def revenue(self):
        return self.units * self.price


def parse(line):
    date, region, units, price = line.split(";")
    year, month, _ = date.split("-")
    return Record(int(year), int(month), region, int(units), float(price))


def group(records, key):
    groups = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return groups


def report(records):
    lines = []
    for region, chosen in sorted(group(records, lambda record: record.region).items()):
        lines.append(f"{region:>8}: {sum(record.units for record in chosen):6d}")
        for (year, month), part in sorted(group(chosen, lambda record: (record.year, record.month)).items()):
            revenue = sum(record.revenue for record in part)
            mean = revenue / len(part)
            lines.append(f"  {year}/{month:<2} {revenue:10.2f} {mean:8.3f} {'*' * int(mean // 40)}")
    return "\n".join(lines)


def run(scale):
    length = 0
    for _ in range(scale):
        records = [parse(line) for line in LINES]
        text = report(records)
        length += len(text) + text.count("*")
    return length
