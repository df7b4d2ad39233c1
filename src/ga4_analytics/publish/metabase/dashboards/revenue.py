"""What is sold."""

from __future__ import annotations

from ga4_analytics.publish.metabase.dashboards.charts import USD, by_day, formatted, last_day
from ga4_analytics.publish.metabase.definitions import Card, Dashboard, Place

SLICES = "daily_metrics_by_slice"
ORDERS = "daily_orders"

TODAY = last_day(
    "revenue-latest",
    "Revenue",
    "Gross revenue of the orders of the last day of the range, and the change from the day "
    "before it.",
    SLICES,
    "revenue_usd",
    how=USD,
)
COUNT = last_day(
    "orders-latest",
    "Orders",
    "Orders of the last day of the range, and the change from the day before it.",
    SLICES,
    "orders",
)
AVERAGE_LATEST = last_day(
    "average-order-latest",
    "Average order",
    "Gross revenue over orders, of the last day of the range. Of everybody.",
    ORDERS,
    "average_order_value_usd",
    how=USD,
    date="order_date",
)
BY_DAY = by_day(
    "revenue-by-day",
    "Revenue by day",
    "Gross revenue of the orders of each day, each order at its earliest event.",
    SLICES,
    ("revenue_usd",),
    display="bar",
    how=USD,
)
ORDERS_BY_DAY = by_day(
    "orders-by-day",
    "Orders and purchase events by day",
    "Orders are purchase events told apart by user and transaction id; the raw events "
    "count repeats.",
    SLICES,
    ("orders", "purchases"),
)
BY_RULE = by_day(
    "revenue-by-rule",
    "Revenue by rule",
    "Gross: each order once. Raw: the sum over purchase events, repeats among them. Net: "
    "gross less refunds, which count on the day of the refund. Of everybody.",
    ORDERS,
    ("gross_revenue_usd", "raw_revenue_usd", "net_revenue_usd"),
    how=USD,
    date="order_date",
)
AVERAGE = by_day(
    "average-order",
    "Average order by day",
    "Gross revenue over orders. Empty on days without orders. Of everybody.",
    ORDERS,
    ("average_order_value_usd",),
    how=USD,
    date="order_date",
)
ITEMS = Card(
    slug="top-items",
    name="Top items",
    about="The 50 items with the most revenue in the range, from being seen to being bought.",
    display="table",
    marts=("item_performance",),
    sql="""\
select item_name as "Item",
       sum(views) as "Views",
       sum(add_to_carts) as "Added to cart",
       sum(orders) as "Orders",
       sum(quantity) as "Pieces",
       sum(revenue_usd_micros)::double precision / 1000000 as "Revenue"
from analytics.item_performance
where dataset = {{dataset}}
  [[and {{date}}]]
group by item_name
order by 6 desc nulls last, 2 desc, 1
limit 50""",
    columns=("Item", "Views", "Added to cart", "Orders", "Pieces", "Revenue"),
    settings={"table.pivot": False} | formatted({"Revenue": USD}),
    date_column="event_date",
)
CURRENCIES = Card(
    slug="currencies",
    name="Orders by currency",
    about="Orders and gross revenue in the currency in which they were placed.",
    display="table",
    marts=("daily_revenue_by_currency",),
    sql="""\
select currency as "Currency",
       sum(orders) as "Orders",
       sum(gross_revenue_micros)::double precision / 1000000 as "Gross revenue",
       sum(refund_micros)::double precision / 1000000 as "Refunds"
from analytics.daily_revenue_by_currency
where dataset = {{dataset}}
  [[and {{date}}]]
group by currency
order by 2 desc, 1""",
    columns=("Currency", "Orders", "Gross revenue", "Refunds"),
    settings={"table.pivot": False},
    date_column="order_date",
)

REVENUE = Dashboard(
    slug="revenue",
    name="Revenue",
    about="Orders by a rule that counts each once, what they brought, and of what items.",
    cards=(
        (TODAY, Place(0, 0, 8, 3)),
        (COUNT, Place(0, 8, 8, 3)),
        (AVERAGE_LATEST, Place(0, 16, 8, 3)),
        (BY_DAY, Place(3, 0, 12, 7)),
        (ORDERS_BY_DAY, Place(3, 12, 12, 7)),
        (BY_RULE, Place(10, 0, 12, 7)),
        (AVERAGE, Place(10, 12, 12, 7)),
        (ITEMS, Place(17, 0, 16, 10)),
        (CURRENCIES, Place(17, 16, 8, 10)),
    ),
)
