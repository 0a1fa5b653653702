"""What DuckDB needs for the bare aggregation, as one SQL statement over the Parquet file.

Per customer and month the amount; from it, per customer, the coefficient of variation over the 24
months before the as-of date; and quintiles of recency, frequency and revenue. No probability model,
no class, no forecast: a floor for what reading and grouping the ledger costs, not an equal job.

    python duckdb_run.py --transactions tx.parquet --out result.parquet
"""

import argparse
import json

import duckdb

SQL = """
copy (
    with monthly as (
        select customer_id, date_trunc('month', ts) as month,
               sum(amount) as amount, count(*) as lines, max(ts) as last
        from read_parquet($transactions)
        where ts >= timestamp '2023-01-01' and ts < timestamp '2025-01-01'
        group by customer_id, month
    ), customer as (
        select customer_id, sum(amount) as revenue, sum(lines) as lines, max(last) as last,
               -- months without a line are zero months: they count in 24, not in the sums
               sqrt(greatest(sum(amount * amount) / 24 - (sum(amount) / 24) ** 2, 0)) / (sum(amount) / 24) as cv_month
        from monthly
        group by customer_id
    )
    select *, ntile(5) over (order by last) as r, ntile(5) over (order by lines) as f,
           ntile(5) over (order by revenue) as m
    from customer
) to '{out}' (format parquet)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    connection = duckdb.connect()
    out = arguments.out.replace("'", "''")
    connection.execute(SQL.format(out=out), {"transactions": arguments.transactions})
    customers, mean_cv = connection.execute(
        "select count(*), avg(cv_month) from read_parquet($out)", {"out": arguments.out}
    ).fetchone()
    print(json.dumps({"duckdb": duckdb.__version__, "customers": customers, "mean_cv_month": mean_cv}))


if __name__ == "__main__":
    main()
