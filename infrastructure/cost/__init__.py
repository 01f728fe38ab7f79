"""What a stage costs a month: `python -m infrastructure.cost`.

prices.toml ──┐   deployed.json (counted in the stacks' templates) ──┐
              ├─▶ bill ◀── traffic (what people and the code do) ◀───┘
              └─▶ report ─▶ terminal, docs/cost.md, the README's table
"""
