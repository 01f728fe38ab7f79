"""The single table: its keys, its conditional writes, and one class per aggregate.

schema         keys, indexes and access patterns as data
table          writes, conditions and queries as values; what a table can do
dynamo         the same over DynamoDB
store          patient reads, and commits whose outcome is certain
codec, items   domain values ⇄ attributes
messages …     one repository per aggregate: builds writes, reads items
"""
