-- The 20 customers whose value went down the most, in minor units of the currency, of which {per_major}
-- make one major.
with moved as (
    select coalesce(a.customer_id, b.customer_id) as customer_id,
           coalesce(b.class, '') as from_class,
           coalesce(a.class, '') as to_class,
           cast(round(coalesce(b.value, 0.0) * {per_major}) as bigint) as value_before,
           cast(round(coalesce(a.value, 0.0) * {per_major}) as bigint) as value_after
    from before b full join after a on a.customer_id = b.customer_id
)
select * from moved
where value_after < value_before
order by value_after - value_before asc, 1
limit 20
