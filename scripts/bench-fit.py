# The other side of npm run bench:fit: scipy on the same data, one JSON line in, one out.
import json
import sys
import time

import numpy as np
from scipy.optimize import curve_fit, minimize
from scipy.special import huber

data = json.load(sys.stdin)
result = {}

x, y = (np.array(data["curve"][name]) for name in ("tokens", "loss"))


def law(tokens, limit, coefficient, exponent):
    return limit + coefficient * tokens**-exponent


# Tokens in units of their smallest, so that curve_fit's own start of ones is a fair one; with raw tokens it fails.
repeats = 300
for _ in range(20):
    curve_fit(law, x / x.min(), y)
start = time.process_time()
for _ in range(repeats):
    curve_fit(law, x / x.min(), y)
result["curveFit"] = {"linear": (time.process_time() - start) / repeats}


def log_law(tokens, limit, coefficient, exponent):
    return np.log(np.maximum(law(tokens, limit, coefficient, exponent), 1e-300))


for _ in range(20):
    curve_fit(log_law, x / x.min(), np.log(y))
start = time.process_time()
for _ in range(repeats):
    curve_fit(log_law, x / x.min(), np.log(y))
result["curveFit"]["log"] = (time.process_time() - start) / repeats

n, d, loss = (np.array(data["chinchilla"][name]) for name in ("parameters", "tokens", "loss"))
log_n, log_d, log_loss = np.log(n), np.log(d), np.log(loss)
delta = data["delta"]


def objective(theta):
    a, b, e, alpha, beta = theta
    terms = np.stack([a - alpha * log_n, b - beta * log_d, np.full_like(log_n, e)])
    top = terms.max(axis=0)
    weights = np.exp(terms - top)
    total = weights.sum(axis=0)
    residual = log_loss - top - np.log(total)
    weights /= total
    slope = np.clip(residual, -delta, delta)
    gradient = -np.array(
        [
            (slope * weights[0]).sum(),
            (slope * weights[1]).sum(),
            (slope * weights[2]).sum(),
            -(slope * weights[0] * log_n).sum(),
            -(slope * weights[1] * log_d).sum(),
        ]
    )
    return huber(delta, residual).sum(), gradient


# The grid of arXiv 2203.15556, appendix D.3: log-sum-exp form, 4,500 starts, L-BFGS-B.
grid = np.array(
    np.meshgrid(
        np.arange(0, 30, 5), np.arange(0, 30, 5), np.arange(-1, 1.5, 0.5), np.arange(0, 2.5, 0.5), np.arange(0, 2.5, 0.5)
    )
).T.reshape(-1, 5)
chosen = grid[:: max(1, len(grid) // data["starts"])]
start = time.process_time()
best = min((minimize(objective, first, jac=True, method="L-BFGS-B") for first in chosen), key=lambda end: end.fun)
polished = minimize(
    objective, best.x, jac=True, method="L-BFGS-B", options={"ftol": 1e-16, "gtol": 1e-14, "maxiter": 10000}
)
result["lbfgs"] = {
    "seconds": time.process_time() - start,
    "starts": len(chosen),
    "objective": best.fun,
    "polished": min(best.fun, polished.fun),
}
print(json.dumps(result))
