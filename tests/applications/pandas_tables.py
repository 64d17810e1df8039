"""pandas over NumPy: much Python between C calls, decorators, context managers, inspection of callers' frames."""
# test: needs=pandas timeout=240
import io
import warnings

import numpy as np
import pandas as pd

pd.set_option("display.width", 100)
n = 500
frame = pd.DataFrame({"key": [f"k{i * 7 % 13}" for i in range(n)], "value": [(i * 7919 % 1000) / 10 for i in range(n)],
                      "count": np.arange(n) % 17, "when": pd.date_range("2020-01-01", periods=n, freq="7H")})
print(frame.describe(datetime_is_numeric=True))
print(frame.groupby("key").agg({"value": ["mean", "max"], "count": "sum"}).head())
print(frame.pivot_table("value", "key", frame["when"].dt.month, "sum").round(2).iloc[:4, :5])
print(frame.merge(frame.groupby("key")["value"].mean().rename("average").reset_index(), on="key").eval("value - average").round(6).tail(3))
print(frame.set_index("when")["value"].resample("M").apply(lambda s: s.max() - s.min()))
print(frame.query("count > 10 and key in ['k1', 'k2']").sort_values(["key", "value"], ascending=[True, False]).head(4))
print(frame.apply(lambda row: f"{row['key']}:{row['count']}", axis=1).value_counts().sort_index().head(4))
text = frame.head(5).to_csv(index=False)
print(text, pd.read_csv(io.StringIO(text), parse_dates=["when"]).dtypes, frame.head(2).to_json(orient="records"))
print(frame["value"].rolling(10).mean().dropna().iloc[::100], frame["key"].str.upper().str[1:].astype(int).cumsum().iloc[-1])
for action in (lambda: frame["none"], lambda: frame.loc[10**6], lambda: frame["key"] + 1, lambda: pd.DataFrame({"a": [1], "b": [1, 2]})):
    try:
        action()
    except (KeyError, TypeError, ValueError) as error:
        print(type(error).__name__, str(error).splitlines()[0])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    part = frame[frame["count"] > 3]
    part["value"] = 0
    print([(w.category.__name__, w.filename == __file__) for w in caught])
total = 0.0
for row in frame.itertuples():
    total += row.value * row.count if row.key != "k3" else -1
print(total, sum(len(group) for _, group in frame.groupby(["key", "count"])))
x = np.linspace(0, 1, 1000)
for i in range(200):
    x = (x + x * 2 - 1 / (x + 3)) / 3 + np.where(x > 0.5, x, -x) * 0.1
print(x[::250], np.random.default_rng(5).integers(0, 9, 12).reshape(3, 4) @ np.eye(4), np.vectorize(lambda a, b: a if a > b else b)([1, 5], [3, 2]))
