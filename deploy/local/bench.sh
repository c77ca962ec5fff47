#!/usr/bin/env bash
# Every benchmark in one run, on a Kafka and a Redis of its own: parts first (store, timer index, a large recipient, a large supplier), then the
# whole engine.
#
#   bench.sh           about 11 minutes once built, on two idle cores
#   bench.sh long      hours: months of up to a million documents, and the rejected stores at 10 million rows
#
# DOCUMENTS=…, GROWTH=…, RUNS=… change the sizes of the engine's benchmark; ROWS=… the stores'.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
cd "$repository"
case ${1:-} in
  '') documents=${DOCUMENTS:-5000} growth=${GROWTH:-10000,40000} ;;
  long) documents=${DOCUMENTS:-10000} growth=${GROWTH:-100000,1000000} ;;
  *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 64 ;;
esac
# An instance of its own, so that a demo left running is not touched.
export ITC_LOCAL_DIR=${ITC_LOCAL_DIR:-$repository/.local/bench}
target=${CARGO_TARGET_DIR:-$repository/target}

code=0
"$here/install.sh" || code=$?
case $code in
  0) ;;
  3) echo "bench: Kafka cannot be had here; only the parts are measured" >&2 ;;
  *) exit "$code" ;;
esac
# shellcheck disable=SC1091 # written by install.sh
. "$repository/.tools/env"

stop() {
  local ended=$?
  trap '' INT TERM
  # What a benchmark wrote serves nobody.
  "$here/local.sh" wipe > /dev/null 2>&1 || true
  exit "$ended"
}
trap stop EXIT
trap 'exit 130' INT TERM
"$here/local.sh" wipe
"$here/local.sh" up redis
REDIS_URL=$("$here/local.sh" env | sed -n 's/^REDIS_URL=//p')
export REDIS_URL
cargo bench --locked -p stream-store -p stream-timers -p gstr2b -p filings --benches

if [ "$code" = 0 ]; then
  cargo build --release --locked -p itc-engine -p itcctl
  "$here/local.sh" up
  kafka=$("$here/local.sh" env | sed -n 's/^KAFKA_BOOTSTRAP_SERVERS=//p')
  "$target/release/itcctl" bench --kafka "$kafka" --redis "$REDIS_URL" \
    --documents "$documents" --growth "$growth" --runs "${RUNS:-3}"
fi

if [ "${1:-}" = long ]; then
  cd "$repository/benches/stores"
  CARGO_TARGET_DIR=$target/stores cargo run --release --locked -- "${ROWS:-10000000}"
fi
