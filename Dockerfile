# Sixtwelve in a container: nobody's rights, nothing to write to but the workspace and /tmp.
#
#   docker build -t sixtwelve .
#   docker run --read-only --tmpfs /tmp -v ./my-workspace:/workspace sixtwelve check
#
# deploy/compose.yaml runs it with PostgreSQL and a proxy; docs/deploy.md tells how.

FROM python:3.12-slim-bookworm AS build
COPY deploy/requirements.lock /build/requirements.lock
RUN python -m venv /opt/sixtwelve \
 && /opt/sixtwelve/bin/python -m pip install --no-cache-dir --require-hashes --only-binary :all: \
    -r /build/requirements.lock
COPY .streamlit /app/.streamlit
COPY dashboard.py /app/dashboard.py
COPY pages /app/pages
COPY data /app/data
COPY metrics /app/metrics
RUN /opt/sixtwelve/bin/python -m compileall -q /app/metrics

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 sixtwelve \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin sixtwelve \
 && install -d -o 10001 -g 10001 /workspace
COPY --from=build /opt/sixtwelve /opt/sixtwelve
COPY --from=build /app /app
ENV HOME=/tmp \
    PATH=/opt/sixtwelve/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    WBR_LOG=json \
    WBR_WORKSPACE=/workspace
WORKDIR /workspace
VOLUME ["/workspace"]
USER 10001:10001
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "metrics.cli"]
CMD ["serve", "--address", "0.0.0.0"]
