# The sidecar as one program of machine code: no .NET runtime, no shell.
ARG BASE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0-noble-aot

# This base has the C and C++ libraries, OpenSSL and certificates, and nothing else. The sidecar needs OpenSSL
# only for keystream and for transforms of more than 1,024 characters, but would abort without it.
FROM ${BASE} AS base
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sidecar" \
      org.opencontainers.image.description="A proxy beside an application that works on the bytes of its connections" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
USER 1337:1337
EXPOSE 45000 45001 15021 15090
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/Sidecar"]

# From a published folder, as scripts/images prepares it.
FROM base AS folder
COPY app /app

# Without --target: published inside, from the repository's top folder.
FROM ${SDK} AS build
WORKDIR /source
COPY . .
RUN scripts/images stage sidecar /image

FROM base
COPY --from=build /image/app /app
