"""What a stage costs a month: `python -m infrastructure.cost`.

prices.toml ──┐   deployed.json (counted in the stacks' templates) ──┐
              ├─▶ bill ◀── traffic (what people and the code do) ◀───┘
              └─▶ report ─▶ terminal, the reference's page, the README's table
"""
