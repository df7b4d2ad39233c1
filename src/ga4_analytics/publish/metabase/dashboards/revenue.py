"""What is sold."""

from __future__ import annotations

from ga4_analytics.publish.metabase.dashboards.charts import USD, axes, formatted, latest, of_day
from ga4_analytics.publish.metabase.definitions import Card, Dashboard, Place

SLICES = "daily_metrics_by_slice"
ORDERS = "daily_orders"

TODAY = Card(
    slug="revenue-latest",
    name="Revenue",
    about="Gross revenue of the orders of the last day of the range, and the change from the day "
    "before it.",
    display="smartscalar",
    marts=(SLICES,),
    sql=of_day(SLICES, "revenue_usd", slices=True),
    columns=("event_date", "revenue_usd"),
    settings=latest("revenue_usd", USD),
    date_column="event_date",
)
COUNT = Card(
    slug="orders-latest",
    name="Orders",
    about="Orders of the last day of the range, and the change from the day before it.",
    display="smartscalar",
    marts=(SLICES,),
    sql=of_day(SLICES, "orders", slices=True),
    columns=("event_date", "orders"),
    settings=latest("orders"),
    date_column="event_date",
)
AVERAGE_LATEST = Card(
    slug="average-order-latest",
    name="Average order",
    about="Gross revenue over orders, of the last day of the range. Of everybody.",
    display="smartscalar",
    marts=(ORDERS,),
    sql=f"""\
select order_date, average_order_value_usd
from analytics.{ORDERS}
where dataset = {{{{dataset}}}}
  [[and {{{{date}}}}]]
order by order_date""",
    columns=("order_date", "average_order_value_usd"),
    settings=latest("average_order_value_usd", USD),
    date_column="order_date",
)
BY_DAY = Card(
    slug="revenue-by-day",
    name="Revenue by day",
    about="Gross revenue of the orders of each day, each order at its earliest event.",
    display="bar",
    marts=(SLICES,),
    sql=of_day(SLICES, "revenue_usd", slices=True),
    columns=("event_date", "revenue_usd"),
    settings=axes(("event_date",), ("revenue_usd",)) | formatted({"revenue_usd": USD}),
    date_column="event_date",
)
ORDERS_BY_DAY = Card(
    slug="orders-by-day",
    name="Orders and purchase events by day",
    about="Orders are purchase events told apart by user and transaction id; the raw events "
    "count repeats.",
    display="line",
    marts=(SLICES,),
    sql=of_day(SLICES, "orders, purchases", slices=True),
    columns=("event_date", "orders", "purchases"),
    settings=axes(("event_date",), ("orders", "purchases")),
    date_column="event_date",
)
BY_RULE = Card(
    slug="revenue-by-rule",
    name="Revenue by rule",
    about="Gross: each order once. Raw: the sum over purchase events, repeats among them. Net: "
    "gross less refunds, which count on the day of the refund. Of everybody.",
    display="line",
    marts=(ORDERS,),
    sql=f"""\
select order_date, gross_revenue_usd, raw_revenue_usd, net_revenue_usd
from analytics.{ORDERS}
where dataset = {{{{dataset}}}}
  [[and {{{{date}}}}]]
order by order_date""",
    columns=("order_date", "gross_revenue_usd", "raw_revenue_usd", "net_revenue_usd"),
    settings=axes(("order_date",), ("gross_revenue_usd", "raw_revenue_usd", "net_revenue_usd"))
    | formatted(dict.fromkeys(("gross_revenue_usd", "raw_revenue_usd", "net_revenue_usd"), USD)),
    date_column="order_date",
)
AVERAGE = Card(
    slug="average-order",
    name="Average order by day",
    about="Gross revenue over orders. Empty on days without orders. Of everybody.",
    display="line",
    marts=(ORDERS,),
    sql=AVERAGE_LATEST.sql,
    columns=("order_date", "average_order_value_usd"),
    settings=axes(("order_date",), ("average_order_value_usd",))
    | formatted({"average_order_value_usd": USD}),
    date_column="order_date",
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
