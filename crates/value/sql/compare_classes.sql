-- Who moved from which class to which, and what they were and are worth, in minor units. A customer of
-- one run only has the empty class in the other. Each customer's value is rounded before it is added,
-- as on the customer's page and in the run's total. {per_major} is the currency's.
select coalesce(b.class, '') as from_class,
       coalesce(a.class, '') as to_class,
       count(*) as customers,
       sum(cast(round(coalesce(b.value, 0.0) * {per_major}) as bigint)) as value_before,
       sum(cast(round(coalesce(a.value, 0.0) * {per_major}) as bigint)) as value_after
from before b full join after a on a.customer_id = b.customer_id
group by coalesce(b.class, ''), coalesce(a.class, '')
order by 1, 2
