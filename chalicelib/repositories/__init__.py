"""The single table: its keys, its conditional writes, and one class per aggregate.

From data to use:

    schema             keys and indexes as data
    patterns           every kind of item and every access pattern, for documentation and tests
    table              writes, conditions and queries as values; what a table can do
    dynamo             the same over DynamoDB
    store              patient reads, and commits whose outcome is certain
    codec, items       domain values ⇄ attributes
    ledger             writes of deliveries, attempts and audit entries
    calendar, lists    lists over months, and lists that leave something out
    messages …         one repository per aggregate: builds writes, reads items
"""
