"""Dumont Economy meters what rented GPUs cost and what the same work would have cost elsewhere.

The path of data, folder by folder:

1. `pricing` turns price rows, each with its dates and source, into a price book: which rate held
   for a SKU at an instant, and which SKU a GPU is compared with.
2. `metering` turns usage events, reported by whoever rents or lets the machines, into GPU sessions.
3. `ledger` lays sessions on rates and cuts them into line items; its facts are only ever added to.
4. `savings` sets line items beside their counterfactual cost: a total, its slope, a projection.
5. `services` are the use cases, one module each; they alone open and commit transactions.
6. `api` and `cli` are the two ways in; `storage` keeps the facts, `data` holds those we ship.
7. `static` is the built screen, which reads the API.

Imports run in that order only. Folders 1 to 4 are plain Python: no server, no database, no
environment, no clock of their own.
"""
