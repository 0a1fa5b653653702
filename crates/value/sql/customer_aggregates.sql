-- The customer aggregates in plain SQL over the ledger lines
--     lines(customer_id, day, amount_minor, cost_minor)
-- where `day` is the calendar day in the firm's zone (of the reversed line, for a reversal) and no
-- line is after the as-of day. {names} are filled in from the run's windows: days as DATE literals,
-- {first_month} as years * 12 + months - 1. No window functions: they cost several times as much.
with daily as (
    select customer_id, day,
           sum(amount_minor) as net,
           count(*) as lines,
           sum(coalesce(cost_minor, 0)) as known_cost,
           count(cost_minor) as costed_lines,
           cast(extract(year from day) as bigint) * 12 + cast(extract(month from day) as bigint) - 1
               - {first_month} as month
    from lines
    group by customer_id, day
), entry as (
    select customer_id,
           min(day) as entry_day,
           min(case when net > 0 then day end) as first_purchase,
           max(case when net > 0 then day end) as last_purchase,
           max(case when net > 0 and day <= {calibration_end} then day end) as last_calibrated
    from daily
    group by customer_id
)
select d.customer_id,
    max(coalesce(e.first_purchase, e.entry_day)) as first_day,
    max(coalesce(e.last_purchase, e.entry_day)) as last_day,
    cast(sum(case when net > 0 then 1 else 0 end) as int) as purchase_days,
    sum(lines) as lines,
    sum(net) as net_minor,
    sum(case when net > 0 then net else 0 end) as purchase_minor,
    sum(case when net > 0 and day > e.first_purchase then net else 0 end) as repeat_minor,
    sum(case when net > 0 then cast(net as decimal(18, 0)) * cast(net as decimal(18, 0)) else 0 end) as purchase_square,
    max(case when net > 0 then net else 0 end) as largest_ticket_minor,
    sum(case when day > {before_12m} then net else 0 end) as revenue_12m_minor,
    sum(case when day > {before_12m} then known_cost else 0 end) as cost_12m_minor,
    sum(case when day > {before_12m} then lines else 0 end) as lines_12m,
    sum(case when day > {before_12m} then costed_lines else 0 end) as costed_lines_12m,
    sum(case when day > {before_6m} then net else 0 end) as last_6m_minor,
    sum(case when day > {before_12m} and day <= {before_6m} then net else 0 end) as previous_6m_minor,
    sum(case when day > {before_p0} and day <= {before_p1} then net else 0 end) as p0_minor,
    sum(case when day > {before_p1} then net else 0 end) as p1_minor,
    cast(sum(case when day > {before_p0} and day <= {before_p1} and net > 0 then 1 else 0 end) as int) as p0_purchase_days,
    cast(sum(case when day > {before_p1} and net > 0 then 1 else 0 end) as int) as p1_purchase_days,
    max(case when e.entry_day > {calibration_end} then null
             when e.first_purchase <= {calibration_end} then e.first_purchase
             else e.entry_day end) as calibration_first_day,
    max(case when e.entry_day > {calibration_end} then null
             else coalesce(e.last_calibrated, e.entry_day) end) as calibration_last_day,
    cast(sum(case when day <= {calibration_end} and net > 0 then 1 else 0 end) as int) as calibration_purchase_days,
    sum(case when day <= {calibration_end} and net > 0 and day > e.first_purchase then net else 0 end) as calibration_repeat_minor,
    cast(sum(case when day > {calibration_end} and net > 0 then 1 else 0 end) as int) as holdout_purchase_days,
    sum(case when day > {calibration_end} then net else 0 end) as holdout_minor,
    sum(case when month = 0 then net else 0 end) as m01,
    sum(case when month = 1 then net else 0 end) as m02,
    sum(case when month = 2 then net else 0 end) as m03,
    sum(case when month = 3 then net else 0 end) as m04,
    sum(case when month = 4 then net else 0 end) as m05,
    sum(case when month = 5 then net else 0 end) as m06,
    sum(case when month = 6 then net else 0 end) as m07,
    sum(case when month = 7 then net else 0 end) as m08,
    sum(case when month = 8 then net else 0 end) as m09,
    sum(case when month = 9 then net else 0 end) as m10,
    sum(case when month = 10 then net else 0 end) as m11,
    sum(case when month = 11 then net else 0 end) as m12,
    sum(case when month = 12 then net else 0 end) as m13,
    sum(case when month = 13 then net else 0 end) as m14,
    sum(case when month = 14 then net else 0 end) as m15,
    sum(case when month = 15 then net else 0 end) as m16,
    sum(case when month = 16 then net else 0 end) as m17,
    sum(case when month = 17 then net else 0 end) as m18,
    sum(case when month = 18 then net else 0 end) as m19,
    sum(case when month = 19 then net else 0 end) as m20,
    sum(case when month = 20 then net else 0 end) as m21,
    sum(case when month = 21 then net else 0 end) as m22,
    sum(case when month = 22 then net else 0 end) as m23,
    sum(case when month = 23 then net else 0 end) as m24
from daily d join entry e on e.customer_id = d.customer_id
group by d.customer_id
order by d.customer_id
