"""Debian's prometheus-pgbouncer-exporter: those of its collectors that fit PgBouncer 1.26.

Its collectors for SHOW STATS and SHOW DATABASES ask for columns that PgBouncer has renamed since
(total_requests, reserve_pool), so they work with neither.
"""

import os

from checks import equal, main
from prometheus_pgbouncer_exporter.collectors import ListsCollector, PoolsCollector
from prometheus_pgbouncer_exporter.utils import get_connection


def samples(collector):
    return {
        sample.name: sample.value
        for family in collector.collect()
        for sample in family.samples
        if sample.labels.get("database", "pgbouncer") == "pgbouncer"
    }


def collect():
    environment = os.environ
    connection = get_connection(
        environment["PGUSER"], int(environment["PGPORT"]), environment["PGHOST"]
    )
    pools = samples(PoolsCollector(connection=connection, databases=None))
    equal(float(pools["pgbouncer_active_clients"]) >= 1, True, "the exporter itself")
    lists = samples(ListsCollector(connection=connection))
    equal(lists["pgbouncer_databases"], 2, "databases")
    equal(lists["pgbouncer_used_clients"] >= 1, True, "clients")
    connection.close()


main({"collect": collect})
