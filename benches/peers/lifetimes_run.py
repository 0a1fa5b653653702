"""The value run as an analyst does it with lifetimes, end to end.

Reads the Parquet file, makes the summary with the library's own function, fits BG/NBD and
Gamma-Gamma by maximum likelihood (no penalty), computes the probability of being alive and the CLV of
12 months, the library's default, and writes one row per customer. Time is in weeks. It does less than
`patron value run`, on purpose, so that the comparison errs to Patron's disadvantage: no CLV of 36
months (its loop over months would triple the time of that step), no expected purchases, stability,
classes, leaky bucket, cohorts, validation or intervals.

    python lifetimes_run.py --transactions tx.parquet --as-of 2024-12-31 --out clv.parquet --report report.json
"""

import argparse
import json
import sys
import time
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")  # its own deprecations; non-convergence is reported below

import lifetimes  # noqa: E402
from lifetimes import BetaGeoFitter, GammaGammaFitter  # noqa: E402
from lifetimes.utils import summary_data_from_transaction_data  # noqa: E402

# 10 % a year, as Patron's default, per month.
MONTHLY_DISCOUNT = 1.10 ** (1 / 12) - 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", required=True)
    parser.add_argument("--as-of", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--report", required=True)
    arguments = parser.parse_args()
    started = time.perf_counter()
    stages = {}

    def stage(name):
        stages[name] = round(time.perf_counter() - started - sum(stages.values()), 2)

    ledger = pd.read_parquet(arguments.transactions)
    stage("read")
    summary = summary_data_from_transaction_data(
        ledger, "customer_id", "ts", monetary_value_col="amount",
        observation_period_end=arguments.as_of, freq="D", freq_multiplier=7,
    )
    transactions = len(ledger)
    del ledger
    stage("summary")

    bg_nbd = BetaGeoFitter(penalizer_coef=0.0)
    bg_nbd.fit(summary["frequency"], summary["recency"], summary["T"])
    stage("bg_nbd")
    repeaters = summary[(summary["frequency"] > 0) & (summary["monetary_value"] > 0)]
    gamma_gamma = GammaGammaFitter(penalizer_coef=0.0)
    gamma_gamma.fit(repeaters["frequency"], repeaters["monetary_value"])
    stage("gamma_gamma")

    x, t_x, T = summary["frequency"], summary["recency"], summary["T"]
    summary["p_alive"] = bg_nbd.conditional_probability_alive(x, t_x, T)
    stage("p_alive")
    summary["clv_12m"] = gamma_gamma.customer_lifetime_value(
        bg_nbd, x, t_x, T, summary["monetary_value"], time=12, discount_rate=MONTHLY_DISCOUNT, freq="W",
    )
    stage("clv")
    summary.to_parquet(arguments.out)
    stage("write")

    report = {
        "customers": len(summary),
        "transactions": transactions,
        # Where the library does not converge it raises, and this job fails.
        "models": {
            "bg_nbd": {"params": {key: float(value) for key, value in bg_nbd.params_.items()}},
            "gamma_gamma": {"params": {key: float(value) for key, value in gamma_gamma.params_.items()}},
        },
        "seconds": stages,
        "versions": {"lifetimes": lifetimes.__version__, "pandas": pd.__version__,
                     "numpy": np.__version__, "python": sys.version.split()[0]},
    }
    with open(arguments.report, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
