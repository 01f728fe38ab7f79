"""The native way: `chalice deploy`, with the stacks that it needs and those that stand around it.

    ground   Data and Auth                                     cdk deploy
    supply   imaging layer ─▶ build/native/<stage>/.chalice    configuration, policies, state
    deploy   chalice deploy --stage <stage>                    API, functions, what calls them
    harden   what Chalice can't say                            infrastructure/harden.py
    attach   Monitoring, Security, Frontend                    cdk deploy

Chalice remembers what it made in a file, which a fresh clone lacks and a failed deployment never
writes. Here nobody keeps that file: everything has a name that says whose it is, so `supply` finds
what is there and writes the file anew.
"""
