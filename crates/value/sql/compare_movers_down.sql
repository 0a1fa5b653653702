-- The 20 customers whose value went down the most.
select coalesce(a.customer_id, b.customer_id) as customer_id,
       coalesce(b.class, '') as from_class,
       coalesce(a.class, '') as to_class,
       coalesce(b.value, 0.0) as value_before,
       coalesce(a.value, 0.0) as value_after
from before b full join after a on a.customer_id = b.customer_id
where coalesce(a.value, 0.0) < coalesce(b.value, 0.0)
order by coalesce(a.value, 0.0) - coalesce(b.value, 0.0) asc, 1
limit 20
