{{ config(materialized='view') }}

with
sessions as (
    select * from {{ ref('int_sessions') }}
),

users as (
    select dataset, user_key, new_date from {{ ref('int_users') }}
),

days as (
    select dataset, event_date, has_revenue from {{ ref('stg_ga4_days') }}
),

orders as (
    select
        dataset, session_key,
        count(*) as orders,
        {{ total('revenue_usd_micros') }} as revenue_usd_micros
    from {{ ref('int_orders') }}
    where session_key is not null
    group by dataset, session_key
)

select
    sessions.*,
    coalesce(sessions.session_date = users.new_date, false) as is_new_user,
    coalesce(orders.orders, 0) as orders,
    case when days.has_revenue then coalesce(orders.revenue_usd_micros, 0) end
        as revenue_usd_micros
from sessions
left join users
    on sessions.dataset = users.dataset and sessions.user_key = users.user_key
left join orders
    on sessions.dataset = orders.dataset and sessions.session_key = orders.session_key
left join days
    on sessions.dataset = days.dataset and sessions.session_date = days.event_date
