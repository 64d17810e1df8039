"""SymPy: deep trees of immutable objects, caches by hash, much dispatch on types."""
# test: needs=sympy timeout=240
from sympy import (Eq, Function, I, Matrix, Poly, Rational, Sum, apart, cancel, cos, dsolve, exp, expand, factor, factorint, integrate,
                   latex, limit, log, oo, parse_expr, pi, simplify, sin, solve, sqrt, srepr, symbols, together, trigsimp)

x, y, z, n = symbols("x y z n")
print(expand((x + 2 * y - z) ** 6))
print(factor(x ** 8 - 1), factor(x ** 3 - 3 * x ** 2 * y + 3 * x * y ** 2 - y ** 3))
print(simplify((x ** 2 - 2 * x + 1) / (x ** 2 - 1)), trigsimp(sin(x) ** 4 - 2 * cos(x) ** 2 * sin(x) ** 2 + cos(x) ** 4))
print(apart((x ** 3 + 2) / (x ** 4 - 1)), together(1 / x + 1 / (x + 1) + 1 / (x + 2)), cancel((x ** 3 - y ** 3) / (x - y)))
print(solve(x ** 4 - 5 * x ** 2 + 4, x), solve([x + y - 5, x * y - 6], [x, y]), solve(x ** 3 - 2, x))
print(integrate(x ** 2 * exp(-x), (x, 0, oo)), integrate(x * sin(x), x), integrate(1 / (x ** 3 + 1), x))
print((sin(x) * exp(x) / (1 + x ** 2)).diff(x, 3))
print(limit(sin(x) / x, x, 0), limit((1 + 1 / x) ** x, x, oo), (cos(x) * exp(x)).series(x, 0, 9))
matrix = Matrix(4, 4, lambda i, j: Rational(1, i + j + 1) + (x if i == j else 0))
print(matrix.det().factor(), Matrix([[2, 1], [1, 3]]).eigenvals(), (matrix.subs(x, 0) ** -1).tolist())
print(Sum(n ** 3, (n, 1, x)).doit().factor(), factorint(2 ** 64 - 1), Poly(x ** 5 + x + 1, x, modulus=7).factor_list())
f = Function("f")
print(dsolve(Eq(f(x).diff(x, 2) + 3 * f(x).diff(x) + 2 * f(x), 0), f(x)))
print(latex(integrate(sqrt(x) / (1 + y), (x, 0, pi))), srepr(exp(I * pi / 4) + log(x)), pi.evalf(60))
print(parse_expr("2*x**2 + sin(y)/3 - Rational(1, 7)").subs({x: 3, y: pi / 6}))
