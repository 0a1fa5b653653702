"""Makes a synthetic ledger as Parquet: the input every job of the comparison reads.

The customers follow the buy-till-you-die process that BG/NBD assumes (Fader, Hardie and Lee 2005):
each buys at an own constant rate (gamma over customers) and leaves after any repeat purchase with
an own probability (beta over customers). Amounts follow Gamma-Gamma (Fader and Hardie 2013). So the
fitted parameters have a truth to be compared with: the constants below.

Lines stand in order of time, as a real ledger does, not in order of customers, which would spare
every engine its work. The same arguments give the same file, byte for byte, with the same versions
of numpy and pyarrow (requirements.txt).

    python generate.py --customers 1000000 --out tx.parquet
"""

import argparse
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# Truth, time in weeks. Tuned so that a customer has about 12.4 lines.
R, ALPHA = 0.9, 3.3          # purchase rate per week: gamma with shape R and rate ALPHA
A, B = 0.8, 15.5             # probability of leaving after a repeat purchase: beta
P, Q, V = 6.0, 4.0, 60.0     # Gamma-Gamma: mean amount per customer P * V / (Q - 1) on average

FIRST_DAY = np.datetime64("2022-07-01", "s")      # first purchases from here ...
LAST_FIRST_DAY = np.datetime64("2024-10-01", "s")  # ... to here,
END = np.datetime64("2025-01-01", "s")             # and nothing from here on
WEEK_SECONDS = 7 * 86_400
CHUNK_CUSTOMERS = 100_000  # bounds the memory of the simulation; part of what makes the file


def chunk(rng, first_id, customers):
    """All lines of `customers` customers: ids, seconds since 1970, amounts."""
    start = FIRST_DAY.astype("int64")
    first = rng.integers(start, LAST_FIRST_DAY.astype("int64"), customers)
    length = END.astype("int64") - first
    rate = rng.gamma(R, 1.0 / ALPHA, customers) / WEEK_SECONDS
    # How many repeat purchases until the end if the customer stayed, and after which one it leaves.
    offered = rng.poisson(rate * length)
    leaves_after = rng.geometric(np.maximum(rng.beta(A, B, customers), 1e-12))

    owner = np.repeat(np.arange(customers), offered)
    at = first[owner] + (rng.random(owner.size) * length[owner]).astype("int64")
    order = np.lexsort((at, owner))
    owner, at = owner[order], at[order]
    rank = np.arange(owner.size) - np.repeat(np.cumsum(offered) - offered, offered)
    stays = rank < leaves_after[owner]

    owner = np.concatenate([np.arange(customers), owner[stays]])
    at = np.concatenate([first, at[stays]])
    scale = rng.gamma(Q, 1.0 / V, customers)
    amount = rng.gamma(P, 1.0, owner.size) / scale[owner]
    amount = np.maximum(np.round(amount, 2), 0.01)
    return owner + first_id, at, amount


def generate(customers, seed):
    """The whole ledger as an Arrow table in order of time."""
    parts = []
    for number, first_id in enumerate(range(0, customers, CHUNK_CUSTOMERS)):
        rng = np.random.Generator(np.random.PCG64([seed, number]))
        parts.append(chunk(rng, first_id + 1, min(CHUNK_CUSTOMERS, customers - first_id)))
    ids, at, amount = (np.concatenate(column) for column in zip(*parts))
    order = np.lexsort((ids, at))
    return pa.table(
        {
            "customer_id": pa.array(ids[order], pa.int64()),
            "ts": pa.array(at[order] * 1_000_000, pa.int64()).cast(pa.timestamp("us")),
            "amount": pa.array(amount[order], pa.float64()),
        }
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    table = generate(arguments.customers, arguments.seed)
    # Written beside and renamed, so that a broken-off run never leaves half a ledger behind.
    half = arguments.out + ".part"
    pq.write_table(table, half, row_group_size=1 << 20)
    os.replace(half, arguments.out)
    print(f"{arguments.customers} customers, {table.num_rows} lines, {os.path.getsize(arguments.out)} bytes")


if __name__ == "__main__":
    main()
