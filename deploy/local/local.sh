#!/usr/bin/env bash
# A real Apache Kafka node (KRaft) and a real Redis on free loopback ports, without containers.
#
#   local.sh up [kafka|redis]      start what is not running and wait until it serves
#   local.sh down [kafka|redis]    stop in good order (SIGTERM)
#   local.sh kill [kafka|redis]    SIGKILL, as a crash would; the next `up` recovers Kafka's data, Redis starts empty
#   local.sh wipe                  down, and delete the data and the chosen ports
#   local.sh status                what runs, where (exit 0 when both run)
#   local.sh ports                 the chosen ports, one `name number` a line
#   local.sh env                   KAFKA_BOOTSTRAP_SERVERS=… and REDIS_URL=…, for `eval` or to read
#   local.sh secure                the same Kafka and Redis over TLS: addresses, certificates and logins, as options
#   local.sh tool CLASS ARGS…      one of Kafka's own commands, e.g. `tool TopicCommand --list`
#   local.sh redis-cli ARGS…       redis-cli on this Redis
#   local.sh fetch                 only fetch Kafka's jars (`up` does it when they are missing)
#
# Environment:
#   ITC_LOCAL_DIR         data, logs, pids and ports; default .local in the repository. Each folder is an instance of its own.
#   ITC_LOCAL_KAFKA_HEAP  heap of the Kafka node, default 768m
#
# Over TLS: Kafka asks for user "itc", password "itc-secret" on one port (SCRAM-SHA-512) and for a client certificate on
# another; Redis for the same user and password on its own. The certificates are made once, by an authority of their own.
#
# It ends only processes it started itself: a pid file counts only while that process still has our command line.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
home=${ITC_LOCAL_DIR:-$repository/.local}
case $home in /*) ;; *) home=$PWD/$home ;; esac
kafka_version=$(sed -n 's|.*<kafka.version>\(.*\)</kafka.version>.*|\1|p' "$here/kafka-pom.xml")
jars=$repository/.tools/kafka-$kafka_version
ports_file=$home/ports
# Below the ephemeral range (32768 and up), so that no outgoing connection takes a port while the service restarts.
lowest_port=20000 port_span=12000

say() { printf 'local: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 64; }
missing() { die "$1 is missing: run deploy/local/install.sh, or install $2"; }

# --- processes -------------------------------------------------------------------------------------------------------

pid_of() { cat "$home/$1/pid" 2>/dev/null || true; }

# True while the recorded process is ours. A reused pid or a zombie is not.
running() {
  local pid command_line
  pid=$(pid_of "$1")
  [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] || return 1
  command_line=$(tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null) || return 1
  case $1 in
    kafka) [[ $command_line == *"kafka.Kafka $home/kafka/server.properties"* ]] ;;
    # Redis rewrites its command line, so its working directory says whose it is.
    redis) [[ $command_line == *redis-server* && $(readlink "/proc/$pid/cwd") == "$(readlink -f "$home/redis")" ]] ;;
  esac
}

wait_gone() { # service, tenths of a second
  local _
  for _ in $(seq 1 "$2"); do running "$1" || return 0; sleep .1; done
  return 1
}

stop() { # service, signal
  if running "$1"; then
    kill "-$2" "$(pid_of "$1")"
    kill -CONT "$(pid_of "$1")" 2> /dev/null || true # a paused process gets no other signal
    # A controlled shutdown takes Kafka 1 to 4 s; 30 s only passes when it hangs, and a leftover broker is worse than a killed one.
    if ! wait_gone "$1" 300; then
      say "$1 did not stop within 30 s, killing it"
      kill -KILL "$(pid_of "$1")"
      wait_gone "$1" 100 || die "$1 (pid $(pid_of "$1")) cannot be killed"
    fi
  fi
  rm -f "$home/$1/pid"
}

# Waits until `serves_$1` holds; fails when the process ends first.
wait_serving() { # service, log, tenths of a second
  local _
  for _ in $(seq 1 "$3"); do
    if "serves_$1"; then return 0; fi
    if ! running "$1"; then
      tail -n 20 "$2" >&2
      die "$1 ended while starting; above are the last lines of $2"
    fi
    sleep .1
  done
  die "$1 does not serve after $(($3 / 10)) s, see $2"
}

# --- ports -----------------------------------------------------------------------------------------------------------

port_taken() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }
port() { sed -n "s/^$1 //p" "$ports_file"; }

choose_ports() {
  local name candidate chosen=' ' lines=''
  [ ! -s "$ports_file" ] || { lines=$(cat "$ports_file")$'\n'; chosen=" $(cut -d' ' -f2 "$ports_file" | tr '\n' ' ')"; }
  for name in kafka kafka-controller kafka-login kafka-certificate redis redis-tls; do
    [ -z "$(port "$name" 2> /dev/null)" ] || continue
    while :; do
      candidate=$((lowest_port + (RANDOM * 32768 + RANDOM) % port_span))
      [[ $chosen == *" $candidate "* ]] || port_taken "$candidate" || break
    done
    chosen+="$candidate "
    lines+="$name $candidate"$'\n'
  done
  printf '%s' "$lines" > "$ports_file.new" && mv "$ports_file.new" "$ports_file"
}

refuse_taken_ports() {
  local name
  for name in "$@"; do
    ! port_taken "$(port "$name")" ||
      die "port $(port "$name"), chosen earlier for $name, is now used by another program: end that, or run \`local.sh wipe\` to choose new ports"
  done
}

# --- certificates ----------------------------------------------------------------------------------------------------

# An authority, what it vouches for, and another authority that nobody trusts with a client of its own.
make_certificates() {
  local folder=$home/certificates
  [ ! -e "$folder" ] || return 0
  command -v openssl > /dev/null || missing "openssl" "openssl (it makes the certificates)"
  rm -rf "$folder.new"
  (
    umask 077
    mkdir -p "$folder.new" && cd "$folder.new"
    local name authority
    for name in ca other-ca; do
      openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$name" -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$name.key" -out "$name.crt"
    done
    for name in server client stranger; do
      authority=ca
      [ "$name" != stranger ] || authority=other-ca
      openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
      openssl x509 -req -in "$name.csr" -CA "$authority.crt" -CAkey "$authority.key" -CAcreateserial -days 3650 -out "$name.crt" \
        -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n')
    done
    cat server.key server.crt > server.pem # as Kafka's PEM key store wants it
  ) > "$home/certificates.log" 2>&1 || { cat "$home/certificates.log" >&2; die "the certificates cannot be made"; }
  mv "$folder.new" "$folder"
}

# --- Kafka -----------------------------------------------------------------------------------------------------------

fetch() {
  [ -d "$jars" ] && return 0
  command -v java > /dev/null || missing "java" "a Java runtime, 17 or newer"
  command -v mvn > /dev/null || missing "mvn" "maven (it fetches Kafka's jars)"
  mkdir -p "$repository/.tools"
  (
    flock 8
    [ -d "$jars" ] && exit 0
    say "fetching Apache Kafka $kafka_version from Maven Central (about 55 MB, once)"
    rm -rf "$jars.new"
    mvn -q -B -f "$here/kafka-pom.xml" dependency:copy-dependencies "-Djars=$jars.new" > "$repository/.tools/mvn.log" 2>&1 ||
      { grep '\[ERROR\]' "$repository/.tools/mvn.log" | head -n 5 >&2; die "Maven could not fetch Kafka $kafka_version (is Maven Central reachable?)"; }
    mv "$jars.new" "$jars"
  ) 8> "$repository/.tools/kafka.lock"
}

java_command() { java -Xmx256m -XX:TieredStopAtLevel=1 "-Dlog4j2.configurationFile=$here/kafka-log4j2.properties" -cp "$jars/*" "$@"; }
serves_kafka() { grep -q 'Kafka Server started' "$home/kafka/broker.log"; }

cluster_id() { # 16 random bytes, URL-safe base64 as Kafka wants it; a leading dash would read as an option
  local id
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
  printf '%s' "${id/#-/A}"
}

up_kafka() {
  if running kafka; then return 0; fi
  fetch
  command -v java > /dev/null || missing "java" "a Java runtime, 17 or newer"
  refuse_taken_ports kafka kafka-controller kafka-login kafka-certificate
  make_certificates
  local folder=$home/kafka heap=${ITC_LOCAL_KAFKA_HEAP:-768m}
  mkdir -p "$folder"
  sed -e "s|@PORT@|$(port kafka)|g" -e "s|@CONTROLLER_PORT@|$(port kafka-controller)|g" \
    -e "s|@LOGIN_PORT@|$(port kafka-login)|g" -e "s|@CERTIFICATE_PORT@|$(port kafka-certificate)|g" -e "s|@CERTIFICATES@|$home/certificates|g" -e "s|@DATA@|$folder/data|g" \
    "$here/kafka-server.properties" > "$folder/server.properties"
  if [ ! -f "$folder/data/meta.properties" ]; then
    mkdir -p "$folder/data"
    java_command kafka.tools.StorageTool format --standalone -t "$(cluster_id)" -c "$folder/server.properties" \
      --add-scram 'SCRAM-SHA-512=[name=itc,password=itc-secret]' > "$folder/format.log" 2>&1 ||
      { cat "$folder/format.log" >&2; die "Kafka's data folder cannot be formatted"; }
  fi
  [ -f "$folder/broker.log" ] && mv "$folder/broker.log" "$folder/broker.log.previous"
  : > "$folder/broker.log"
  # A session of its own: Ctrl-C in the terminal must reach the workers first, not the broker under them.
  setsid java -Xms256m "-Xmx$heap" -XX:+UseG1GC "-Dlog4j2.configurationFile=$here/kafka-log4j2.properties" \
    -cp "$jars/*" kafka.Kafka "$folder/server.properties" < /dev/null >> "$folder/broker.log" 2>&1 9>&- &
  echo $! > "$folder/pid"
  await_exec kafka
  wait_serving kafka "$folder/broker.log" 900 # 2 s when idle, 4 s after a SIGKILL; 90 s for a machine busy compiling
}

# --- Redis -----------------------------------------------------------------------------------------------------------

# Debian's redis-tools carries the server as redis-check-rdb, and redis-server is a link to it from the package that also
# starts a system service; the link alone is enough here.
redis_server() {
  local found
  if found=$(command -v redis-server); then printf '%s' "$found"; return 0; fi
  found=$(command -v redis-check-rdb) || missing "redis-server" "redis-tools or redis-server, version 7 or newer"
  mkdir -p "$repository/.tools"
  ln -sfn "$found" "$repository/.tools/redis-server"
  printf '%s' "$repository/.tools/redis-server"
}

serves_redis() (
  exec 3<> "/dev/tcp/127.0.0.1/$(port redis)" || exit 1
  printf 'PING\r\n' >&3
  read -r -t 1 answer <&3 && [[ $answer == +PONG* ]]
) 2> /dev/null

up_redis() {
  if running redis; then return 0; fi
  local folder=$home/redis server major
  server=$(redis_server)
  major=$("$server" --version | sed -n 's/.* v=\([0-9]*\)\..*/\1/p')
  [ "${major:-0}" -ge 7 ] || die "Redis 7 or newer is needed, $server is version ${major:-unknown}"
  refuse_taken_ports redis redis-tls
  make_certificates
  mkdir -p "$folder"
  [ -f "$folder/redis.log" ] && mv "$folder/redis.log" "$folder/redis.log.previous"
  # No persistence: Redis is an index that the workers rebuild, so the tests must see it come back empty.
  setsid "$server" --bind 127.0.0.1 --port "$(port redis)" --dir "$folder" --save '' --appendonly no --daemonize no \
    --maxmemory-policy noeviction --tls-port "$(port redis-tls)" --tls-cert-file "$home/certificates/server.crt" \
    --tls-key-file "$home/certificates/server.key" --tls-ca-cert-file "$home/certificates/ca.crt" --tls-auth-clients optional \
    --user itc on '>itc-secret' '~timers:*' +@read +@write +@keyspace +@connection < /dev/null >> "$folder/redis.log" 2>&1 9>&- &
  echo $! > "$folder/pid"
  await_exec redis
  wait_serving redis "$folder/redis.log" 300
}

# The pid is known before the program behind it is: wait for `exec` to put our command line there.
await_exec() {
  local _
  for _ in $(seq 1 50); do running "$1" && return 0; sleep .02; done
  return 0 # it may have ended at once: wait_serving tells
}

# --- commands --------------------------------------------------------------------------------------------------------

status() {
  local service all=0
  for service in kafka redis; do
    if running "$service"; then
      printf '%-6s up on 127.0.0.1:%s (pid %s)\n' "$service" "$(port "$service")" "$(pid_of "$service")"
    else
      printf '%-6s down\n' "$service"
      all=1
    fi
  done
  return $all
}

services() {
  case ${1:-all} in
    all) echo kafka redis ;;
    kafka | redis) echo "$1" ;;
    *) say "there is no service \"$1\", only kafka and redis"; usage ;;
  esac
}

# Two commands on one folder would fight over its pid files.
lock() { mkdir -p "$home"; exec 9> "$home/lock"; flock -w 180 9 || die "another local.sh has been busy in $home for 3 minutes"; }
need_ports() { [ -s "$ports_file" ] || die "no ports chosen yet in $home: run \`local.sh up\` first"; }

[ $# -ge 1 ] || usage
command=$1
shift
case $command in
  up)
    which=$(services "${1:-}")
    lock
    choose_ports
    for service in $which; do "up_$service"; done
    status >&2 || true
    ;;
  down | kill)
    which=$(services "${1:-}")
    lock
    for service in $which; do if [ "$command" = down ]; then stop "$service" TERM; else stop "$service" KILL; fi; done
    ;;
  wipe)
    lock
    for service in kafka redis; do stop "$service" TERM; done
    rm -rf "$home/kafka" "$home/redis" "$home/certificates" "$ports_file"
    ;;
  status) status ;;
  ports) need_ports; cat "$ports_file" ;;
  env)
    need_ports
    printf 'KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:%s\nREDIS_URL=redis://127.0.0.1:%s/\n' "$(port kafka)" "$(port redis)"
    ;;
  secure)
    need_ports
    cat << END
[kafka]
bootstrap_servers = "127.0.0.1:$(port kafka-login)"
[kafka.security]
protocol = "sasl_ssl"
ca_file = "$home/certificates/ca.crt"
username = "itc"
password = "itc-secret"
[timers]
url = "rediss://itc:itc-secret@127.0.0.1:$(port redis-tls)/"
ca_file = "$home/certificates/ca.crt"
# With a certificate instead of a login: kafka.bootstrap_servers = "127.0.0.1:$(port kafka-certificate)", protocol = "ssl",
# certificate_file = "$home/certificates/client.crt", key_file = "$home/certificates/client.key".
END
    ;;
  tool)
    [ $# -ge 1 ] || die "tool needs the name of a Kafka command, for example TopicCommand"
    need_ports
    [ -d "$jars" ] || die "Kafka's jars are missing: run \`local.sh fetch\`"
    class=$1
    shift
    # Most commands live in org.apache.kafka.tools, ConsumerGroupCommand in its own package.
    case $class in ConsumerGroupCommand) class=consumer.group.$class ;; esac
    java_command "org.apache.kafka.tools.$class" --bootstrap-server "127.0.0.1:$(port kafka)" "$@"
    ;;
  redis-cli) need_ports; exec redis-cli -h 127.0.0.1 -p "$(port redis)" "$@" ;;
  fetch) fetch ;;
  -h | --help | help) usage ;;
  *) say "there is no command \"$command\""; usage ;;
esac
