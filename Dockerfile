# syntax=docker/dockerfile:1
# One image for every worker and the operator's command line: distroless, not root, no shell.
#
#   docker build -t itc-engine .          the dependencies are a layer of their own, built again only when a manifest changes

ARG RUST=docker.io/library/rust:1.95.0-bookworm
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

# What cargo needs to build the dependencies alone: manifests, the lock, and each target's root as an empty file. The stage
# is run for every change, but what it leaves is the same until a manifest changes, and so is the layer below that copies it.
FROM ${RUST} AS manifests
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /source
COPY . .
RUN mkdir /skeleton \
 && find . '(' -name Cargo.toml -o -name Cargo.lock ')' -exec cp --parents -t /skeleton {} + \
 && find . -path '*/src/lib.rs' -o -path '*/src/main.rs' -o -path '*/tests/*.rs' -o -path './tests/*.rs' -o -path '*/benches/*.rs' \
    | while read -r root; do mkdir -p "/skeleton/${root%/*}"; echo 'fn main() {}' > "/skeleton/$root"; done \
 && find /skeleton -name lib.rs -exec sh -c ': > "$1"' empty {} \; \
 && find /skeleton -exec touch -d @0 {} +

FROM ${RUST} AS build
# The image's own toolchain, which is the pinned one: rust-toolchain.toml would fetch lints and formatters too.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /source
COPY --from=manifests /skeleton .
RUN cargo build --release --locked --package itc-engine --package itcctl
COPY . .
# Cargo compares times: a source must be younger than the empty file that stood for it.
RUN find shared services deploy -type f -exec touch {} + \
 && cargo build --release --locked --package itc-engine --package itcctl \
 && mkdir -p /image/usr/local/bin /image/data \
 && cp target/release/itc-engine target/release/itcctl /image/usr/local/bin/

FROM ${BASE}
LABEL org.opencontainers.image.title="ITC Engine" \
      org.opencontainers.image.description="Message-driven workers for input tax credit under India's GST" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build --chown=65532:65532 /image /
# Rows are a cache of the changelog: losing this folder costs a restore, never a rupee.
VOLUME /data
ENV ITC__ADMIN__LISTEN=0.0.0.0:8080 ITC__STORE__FOLDER=/data
EXPOSE 8080
USER 65532:65532
# 10 s: two missed answers are told well within an orchestrator's patience. 60 s at the start: a group's first assignment and a restore.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/itcctl", "probe", "127.0.0.1:8080"]
ENTRYPOINT ["/usr/local/bin/itc-engine"]
