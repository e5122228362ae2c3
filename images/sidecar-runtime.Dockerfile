# The sidecar on the ordinary .NET runtime, which can load filter assemblies.
ARG BASE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0-noble

FROM ${BASE} AS base
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sidecar-runtime" \
      org.opencontainers.image.description="A proxy beside an application that works on the bytes of its connections, with filters of your own" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
# On a read-only root the runtime cannot make its diagnostic sockets in /tmp.
ENV DOTNET_EnableDiagnostics=0
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
RUN scripts/images stage sidecar-runtime /image

FROM base
COPY --from=build /image/app /app
