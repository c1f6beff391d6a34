# An instance for a team: `lineage serve` as an unprivileged user, its data in /data.
# Build: docker build --tag workflow-lineage .    Use: docs/serving.md, "In a container".
FROM python:3.12-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/lineage \
    && /opt/lineage/bin/pip install --no-cache-dir -c constraints.txt \
        '.[server,postgres,sso,cli]'

FROM python:3.12-slim-bookworm
RUN useradd --uid 10001 --no-create-home --home-dir /data lineage \
    && install --directory --owner=lineage --mode=0700 /data
COPY --from=build /opt/lineage /opt/lineage
ENV PATH=/opt/lineage/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    LINEAGE_HOME=/data
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 7077
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7077/healthz', timeout=4)"]
# SIGTERM lets running requests end; see docs/serving.md.
STOPSIGNAL SIGTERM
ENTRYPOINT ["lineage"]
CMD ["serve", "--host", "0.0.0.0", "--port", "7077"]
