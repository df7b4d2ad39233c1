-- Each loaded day has its row of activity and of orders, and no other day has one.
with
loaded as (
    select dataset, event_date from {{ source('raw', 'ga4_days') }}
),

activity as (
    select dataset, event_date from {{ ref('daily_active_users') }}
),

orders as (
    select dataset, order_date as event_date from {{ ref('daily_orders') }}
)

select 'activity' as mart, loaded.dataset as loaded, activity.dataset as found
from loaded
full join activity
    on loaded.dataset = activity.dataset and loaded.event_date = activity.event_date
where loaded.dataset is null or activity.dataset is null
union all
select 'orders', loaded.dataset, orders.dataset
from loaded
full join orders
    on loaded.dataset = orders.dataset and loaded.event_date = orders.event_date
where loaded.dataset is null or orders.dataset is null
