-- Who moved from which class to which, and what they were and are worth. A customer of one run
-- only has the empty class in the other.
select coalesce(b.class, '') as from_class,
       coalesce(a.class, '') as to_class,
       count(*) as customers,
       coalesce(sum(b.value), 0.0) as value_before,
       coalesce(sum(a.value), 0.0) as value_after
from before b full join after a on a.customer_id = b.customer_id
group by coalesce(b.class, ''), coalesce(a.class, '')
order by 1, 2
