# For the init container: sidecar-iptables, and the programs that it calls.
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS base
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sidecar-iptables" \
      org.opencontainers.image.description="Redirects the connections of a pod to its sidecar" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
# The kernel gives NET_ADMIN to a program only if its user is root.
USER 0:0
# A base that has the programs is left as it is. What apt leaves behind differs from build to build.
RUN { command -v iptables-restore && command -v ip; } >/dev/null || { \
      apt-get update -q && apt-get install -qy --no-install-recommends iptables iproute2 && \
      rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*; }
ENTRYPOINT ["/app/sidecar-iptables"]

# From a folder, as scripts/images prepares it.
FROM base AS folder
COPY app /app

# Without --target: from the repository's top folder.
FROM base
COPY iptables/sidecar-iptables /app/sidecar-iptables
