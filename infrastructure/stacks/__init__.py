"""One module per stack.

    Data ◀── Worker ◀─┐           Data, Auth ◀── Api ◀── Security
      ▲ ◀─── Scheduler ◀── Monitoring             ▲ ◀─── Frontend
      └───────────────────────┘ └─────────────────┘

Where a stage has no `PUBLIC_URL` of its own, Worker also depends on Api, whose address it then
writes into unsubscribe links.
"""
