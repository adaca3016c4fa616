#!/bin/sh
# For Sentinel's `client-reconfig-script`: makes the old primary a replica of the new one at once.
#
# After a planned failover Sentinel itself waits for eight seconds before it does so. Until then the
# old primary takes writes that are lost, and the new one has no replica that could confirm any.
# A server that is gone is left alone; it comes back by `start_redis.sh`.
#
# Sentinel gives: name of the master, role of this Sentinel, state, host and port of the old
# primary, host and port of the new one. A password and TLS come by REDISCLI_AUTH and JOURNAL_CLI,
# such as JOURNAL_CLI="redis-cli --tls --cacert /tls/ca.crt".
[ "$2" = leader ] || exit 0
timeout 5 ${JOURNAL_CLI:-redis-cli} -h "$4" -p "$5" REPLICAOF "$6" "$7" >/dev/null || exit 0
