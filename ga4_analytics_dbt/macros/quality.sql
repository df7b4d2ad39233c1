{# What data_quality counts, each as (check, affected, total, note). `affected` and
   `total` are columns of int_day_checks. #}
{% macro quality_checks() -%}
{{ return([
    ('duplicates_removed', 'duplicates_removed', 'identified_events',
     'Exact repeats (same time, session, parameters), left out of every count.'),
    ('duplicates_suspected', 'duplicates_suspected', 'unidentified_events',
     'Repeats that these files cannot tell from true events; they stay in every count.'),
    ('events_without_user', 'events_without_user', 'events',
     'Counted as events and revenue, never as users or sessions.'),
    ('events_without_session', 'events_without_session', 'events',
     'They belong to no session.'),
    ('events_without_timestamp', 'events_without_timestamp', 'events',
     'They take no part in sessions and funnels.'),
    ('timestamps_outside_day', 'timestamps_outside_day', 'timed_events',
     'event_timestamp lies outside event_date in the time zone of the property.'),
    ('tied_events', 'tied_events', 'placed_events',
     'They share user and microsecond with another event.'),
    ('placeholder_not_set', 'placeholder_not_set', 'raw_events',
     'Some dimension says (not set); read as null.'),
    ('placeholder_data_deleted', 'placeholder_data_deleted', 'raw_events',
     'Some dimension says (data deleted); kept as a value of no channel.'),
    ('placeholder_other', 'placeholder_other', 'raw_events',
     'Some dimension says <Other>; kept as a value of no channel.'),
    ('channel_disagreement', 'channel_disagreements', 'exported_channels',
     'The exported channel group, which is used, differs from the one by our rules.'),
    ('session_start_vs_sessions', 'session_start_gap', 'sessions',
     'Difference between session_start events and sessions; sessions are counted by key.'),
    ('left_truncated_users', 'left_truncated_users', 'first_seen_users',
     'First seen this day but first touched before the first loaded day; never called new.'),
    ('users_with_several_ids', 'users_with_several_ids', 'first_seen_users',
     'Users first seen this day under whom several user_id values stand.'),
    ('repeated_transaction_ids', 'repeated_orders', 'identified_orders',
     'Orders told by more than one purchase event; counted once.'),
    ('conflicting_orders', 'conflicting_orders', 'identified_orders',
     'Orders whose purchase events disagree on the amount; the earliest one counts.'),
    ('missing_transaction_ids', 'orders_without_id', 'orders',
     'Purchase events without an id; each is an order of its own.'),
    ('missing_days_before', 'missing_days', 'elapsed_days',
     'Days not loaded between the loaded day before and this one; they count as empty.')
]) }}
{%- endmacro %}

{# What a day's files must carry, with what is lost where they do not:
   (check, condition on stg_ga4_days that tells the lack, note). #}
{% macro quality_gaps() -%}
{{ return([
    ('no_event_timestamp', 'not has_event_timestamp',
     'No event_timestamp: sessions and funnels cannot be told.'),
    ('no_user_id', 'not has_user_pseudo_id',
     'No user_pseudo_id: users, sessions, retention and funnels cannot be told.'),
    ('no_session_id', 'not has_session_id',
     'No ga_session_id: sessions are derived from gaps between events.'),
    ('no_session_engaged', 'not has_session_engaged',
     'No session_engaged: engaged sessions are computed.'),
    ('no_engagement_time', 'not has_engagement_time',
     'No engagement_time_msec: engagement time cannot be told.'),
    ('no_is_active_user', 'not has_is_active_user',
     'No is_active_user: active users follow the labelled proxy.'),
    ('no_first_touch', 'not has_first_touch',
     'No user_first_touch_timestamp: users of before the first day cannot be told from new.'),
    ('no_session_source', 'not has_session_source',
     'No exported session source: session channels, where told, lack the look-back of Google.'),
    ('no_source', 'source_scope is null',
     'No traffic source of any scope: channels and acquisition cannot be told.'),
    ('no_device', 'not has_device', 'No device category: every device is (unknown).'),
    ('no_country', 'not has_country', 'No country: every country is (unknown).'),
    ('no_page', 'not has_page', 'No page_location: pages and landing pages cannot be told.'),
    ('no_items', 'not has_items', 'No items: item performance cannot be told.'),
    ('no_transaction_id', 'not has_transaction_id',
     'No transaction_id: each purchase event is an order of its own.'),
    ('no_revenue', 'not has_revenue', 'No purchase revenue: revenue cannot be told.')
]) }}
{%- endmacro %}
