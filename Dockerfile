# qa3 as a service: the REST API and the page, on the processor. docs/container.md says how to use it.
FROM python:3.11.14-slim-bookworm AS build
# What of qa3 is installed, and, for the endpoint, which torch (torch==2.13.0).
ARG EXTRAS=rest,ui,ocr
ARG TORCH=
WORKDIR /src
COPY . .
RUN python3 -m venv /opt/qa3
RUN /opt/qa3/bin/python -m pip install --no-cache-dir -c constraints.txt ${TORCH} ".[${EXTRAS}]"

FROM python:3.11.14-slim-bookworm
# llama.cpp runs on several threads with it.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 qa3 \
    && useradd --uid 10001 --gid qa3 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin qa3 \
    && install --directory --owner=qa3 --group=qa3 /data \
    && install --directory /srv/qa3
COPY --from=build /opt/qa3 /opt/qa3
# Everything that is written lies in /data: journal, models, uploads. Set what passes into a
# container by its environment or its secrets: nothing of it stands in a layer.
ENV PATH=/opt/qa3/bin:/usr/local/bin:/usr/bin:/bin QA3_HOME=/data HOME=/tmp PYTHONUNBUFFERED=1
WORKDIR /srv/qa3
USER 10001:10001
VOLUME /data
EXPOSE 8001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8001/health', timeout=4)"]
ENTRYPOINT ["qa3"]
CMD ["serve", "--host", "0.0.0.0"]
