# The Oracle as one program of machine code: no .NET runtime, no shell.
ARG BASE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0-noble-aot

# This base has the C and C++ libraries, OpenSSL and certificates, and nothing else. The Oracle needs OpenSSL
# only for transforms that it draws at random, but would abort without it.
FROM ${BASE} AS base
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="oracle" \
      org.opencontainers.image.description="Decides which connections of sidecars are allowed, and how their bytes are changed" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
USER 1339:1339
EXPOSE 9100 9101
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/Oracle"]

# From a published folder, as scripts/images prepares it.
FROM base AS folder
COPY app /app

# Without --target: published inside, from the repository's top folder.
FROM ${SDK} AS build
WORKDIR /source
COPY . .
RUN scripts/images stage oracle /image

FROM base
COPY --from=build /image/app /app
