"""Build what is deployed, the same bytes every time: ``python -m infrastructure.packaging``.

    requirements*.txt ─ wheels ──▶ trees ──▶ archive ──▶ checks ─▶ build/package/deployment.zip
    app.py, chalicelib ─ project ──┘  (prune, compile)             build/package/imaging-layer.zip
    .chalice/config.json ─ Chalice's own packager ─▶ template ───▶ build/package/sam.json

Chalice remains the one that reads ``app.py`` and the stage's settings. What it would fetch and ship
by itself is replaced: wheels by those whose hashes the lock knows, and the zip by one that holds
bytecode, only the AWS services that are called, and no imaging, which is a layer of its own.
"""
