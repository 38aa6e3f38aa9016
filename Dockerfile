# Two images: `agent` (the synchronizer) and `python-utils` (the runtime of one tenant, without utilities).
#
#   docker build --target python-utils -t python-utils:latest .
#   docker build --target agent -t sync-agent:latest .
#
# Every base is an ARG, so that mirrors and air-gapped builders can name their own. A stage that needs
# the network (pip, apt, the compiler) can be replaced as a whole by an image that has its result:
# PACKAGES with /packages, AGENT_SYSTEM with the libraries, AGENT_PROGRAM with /out/sync-agent.
ARG PYTHON_BUILD_BASE=python:3.11-slim-bookworm
ARG PYTHON_BASE=gcr.io/distroless/python3-debian12:latest
ARG SWIFT_BASE=swift:6.2-bookworm
ARG DEBIAN_BASE=debian:12-slim
ARG PACKAGES=packages-from-pip
ARG AGENT_SYSTEM=agent-from-apt
ARG AGENT_PROGRAM=agent-from-source

# aiohttp and what it needs, as wheels: nothing is compiled. pip fills the package environments of utilities,
# in throw-away containers of this image.
FROM ${PYTHON_BUILD_BASE} AS packages-from-pip
RUN pip install --no-cache-dir --only-binary :all: --target /packages 'aiohttp>=3.8,<4' 'pip>=23'

FROM ${PACKAGES} AS packages

# Byte code is made here: the root file system of a container is read-only, and without it each
# start costs 0.2 s more. It is bound to the sources' hashes, not to their times, which copying changes.
FROM ${PYTHON_BASE} AS program
COPY python-utils/serve.py python-utils/pause.py python-utils/line.py python-utils/healthcheck.py /opt/python-utils/
COPY python-utils/python_utils /opt/python-utils/python_utils
COPY --from=packages /packages /usr/lib/python3/dist-packages
USER 0
RUN ["/usr/bin/python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", \
  "/opt/python-utils", "/usr/lib/python3/dist-packages"]

FROM ${PYTHON_BASE} AS python-utils
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="python-utils" \
  org.opencontainers.image.description="Serves one release of a tenant's Python utilities" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=program /usr/lib/python3/dist-packages /usr/lib/python3/dist-packages
COPY --from=program /opt/python-utils /opt/python-utils
ENV LANG=C.UTF-8 TZ=UTC
WORKDIR /tmp
# A number, so that an orchestrator can see that it is not root.
USER 65532:65532
EXPOSE 8110
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["/usr/bin/python3", "-I", "/opt/python-utils/healthcheck.py"]
ENTRYPOINT ["/usr/bin/python3", "-I", "-B", "/opt/python-utils/serve.py"]
CMD ["--help"]

FROM ${SWIFT_BASE} AS agent-from-source
RUN apt-get update && apt-get install -y --no-install-recommends \
  libgit2-dev libmongoc-dev libssl-dev libsqlite3-dev pkg-config && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
COPY Benchmarks Benchmarks
RUN swift build -c release --product sync-agent --static-swift-stdlib && mkdir /out \
  && cp "$(swift build -c release --product sync-agent --static-swift-stdlib --show-bin-path)/sync-agent" /out/

FROM ${AGENT_PROGRAM} AS agent-program

FROM ${DEBIAN_BASE} AS agent-from-apt
RUN apt-get update && apt-get install -y --no-install-recommends \
  libgit2-1.5 libmongoc-1.0-0 libssl3 libsqlite3-0 python3 python3-aiohttp python3-pip ca-certificates \
  openssh-client gpgv \
  && rm -rf /var/lib/apt/lists/*

# The folder that the agent writes, without a shell to make it.
FROM scratch AS agent-folder
WORKDIR /tree/sync-agent

FROM ${AGENT_SYSTEM} AS agent
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sync-agent" \
  org.opencontainers.image.description="Keeps tenants' Python utilities as their git repositories say" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=agent-program /out/sync-agent /usr/local/bin/sync-agent
COPY python-utils/serve.py /usr/local/share/sync-agent/python-utils/
COPY python-utils/python_utils /usr/local/share/sync-agent/python-utils/python_utils
# The folder above it is named, so that it is copied itself and gets its owner: `./data` is made in it.
COPY --from=agent-folder --chown=65532:65532 /tree/ /var/lib/
ENV LANG=C.UTF-8 TZ=UTC
WORKDIR /var/lib/sync-agent
USER 65532:65532
VOLUME /var/lib/sync-agent
EXPOSE 8109
STOPSIGNAL SIGTERM
# Without authentication the agent listens on loopback only, which is where this asks.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["/usr/bin/python3", "-I", "-c", \
  "import os,urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('SERVER_PORT', '8109') + '/health/live', timeout=2)"]
ENTRYPOINT ["/usr/local/bin/sync-agent"]
CMD ["run"]
