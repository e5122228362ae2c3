# For every node of a cluster: the sidecar as one program of machine code, with the library that brings eBPF programs into the kernel.
# Its C library must not be older than that of the SDK's image.
ARG BASE=docker.io/library/debian:trixie-slim
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0-noble-aot

FROM ${BASE} AS base
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sidecar-observe" \
      org.opencontainers.image.description="Observes the HTTP exchanges of a machine from copies of its packets" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
# The kernel gives BPF and NET_ADMIN to a program only if its user is root, or if its file has them. A container without privilege
# escalation ignores those of files.
USER 0:0
# A base that has the library is left as it is. What apt leaves behind differs from build to build.
RUN ldconfig -p | grep -q 'libbpf\.so\.1 ' || { \
      apt-get update -q && apt-get install -qy --no-install-recommends ca-certificates libbpf1 libssl3 && \
      rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*; }
EXPOSE 15021 15090
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/Sidecar", "observe"]

# From a published folder, as scripts/images prepares it.
FROM base AS folder
COPY app /app

# Without --target: published inside, from the repository's top folder.
FROM ${SDK} AS build
WORKDIR /source
COPY . .
RUN scripts/images stage sidecar-observe /image

FROM base
COPY --from=build /image/app /app
