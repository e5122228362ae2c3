# The demo's video service as one program of machine code, with a short clip in /app/clips.
ARG BASE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0-noble-aot

# This base has the C and C++ libraries, OpenSSL and certificates, and nothing else.
FROM ${BASE} AS base
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="videoapi" \
      org.opencontainers.image.description="A video service in three parts: frontend, backend, storage" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
USER 1339:1339
EXPOSE 8000 8001 9000 9001 9080 9081
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/VideoApi"]

# From a published folder, as scripts/images prepares it.
FROM base AS folder
COPY app /app

# Without --target: published inside, from the repository's top folder.
FROM ${SDK} AS build
WORKDIR /source
COPY . .
RUN scripts/images stage videoapi /image

FROM base
COPY --from=build /image/app /app
