#!/usr/bin/env bash
# The demo on this machine: install what is missing, build, start Kafka and Redis, run `itcctl demo`, stop everything.
#
#   demo.sh run [FILE…]   the demo year, or your own files instead     KEEP=1 leaves everything up afterwards
#
# Where Kafka cannot be had (Maven Central out of reach), the same processors run on the simulated log, and it says so.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
[ "${1:-}" = run ] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 64; }
shift

export ITC_LOCAL_DIR=${ITC_LOCAL_DIR:-$repository/.local}
keep=${KEEP:-0}
target=${CARGO_TARGET_DIR:-$repository/target}

# Files are named from where the caller stands; cargo and the workers run in the repository.
files=()
for file in "$@"; do
  [ -f "$file" ] || { echo "demo: there is no file $file" >&2; exit 66; }
  files+=("$(readlink -f "$file")")
done
cd "$repository"

simulated=no code=0
"$here/install.sh" || code=$?
case $code in
  0) ;;
  3) simulated=yes; echo "demo: Kafka cannot be had here; running on the simulated log instead" >&2 ;;
  *) exit "$code" ;;
esac
# shellcheck disable=SC1091 # written by install.sh
. "$repository/.tools/env"

echo "demo: building (some minutes the first time, seconds afterwards)" >&2
cargo build --release --locked -p itc-engine -p itcctl

options=()
[ "$keep" != 1 ] || options+=(--keep)
if [ "$simulated" = yes ]; then exec "$target/release/itcctl" demo --simulated "${files[@]}"; fi

stop() {
  local code=$?
  trap '' INT TERM
  if [ "$keep" = 1 ] && [ "$code" -eq 0 ]; then
    echo "demo: Kafka and Redis stay up; \`make local-down\` stops them" >&2
  else
    "$here/local.sh" down || true
  fi
  exit "$code"
}
trap stop EXIT
trap 'exit 130' INT TERM
# Each demo starts from nothing: its year is fed once and checked to the paisa.
"$here/local.sh" wipe
"$here/local.sh" up
addresses=$("$here/local.sh" env)
kafka=$(sed -n 's/^KAFKA_BOOTSTRAP_SERVERS=//p' <<< "$addresses")
redis=$(sed -n 's/^REDIS_URL=//p' <<< "$addresses")
"$target/release/itcctl" demo --kafka "$kafka" --redis "$redis" "${options[@]}" "${files[@]}"
