#!/bin/sh
# Start a server of a group that Sentinels watch: as a replica, if they call another one the primary.
#
#     start_redis.sh MASTER SENTINEL_HOST:PORT[,HOST:PORT...] MY_HOST MY_PORT redis-server [OPTION...]
#
# A primary that died and comes back would otherwise be a second primary for some eight seconds, until
# the Sentinels turn it into a replica; until then the new one has no replica that confirms entries.
# MY_HOST and MY_PORT are as the Sentinels tell them. A password of the Sentinels comes by
# REDISCLI_AUTH, TLS by JOURNAL_CLI, such as JOURNAL_CLI="redis-cli --tls --cacert /tls/ca.crt".
master=$1 sentinels=$2 host=$3 port=$4
shift 4
for sentinel in $(printf '%s' "$sentinels" | tr , ' '); do
  primary=$(timeout 2 ${JOURNAL_CLI:-redis-cli} -h "${sentinel%:*}" -p "${sentinel##*:}" \
    SENTINEL GET-MASTER-ADDR-BY-NAME "$master" 2>/dev/null | tr '\n' ' ')
  case $primary in
    "$host $port ") exec "$@" ;;
    *" "[0-9]*) exec "$@" --replicaof ${primary} ;;
  esac
done
exec "$@"  # no Sentinel answers: this is the first of all to start
