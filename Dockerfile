# One image for every process. Alone (`docker run -p 8000:8000 -p 1935:1935 -p 8890-8905:8890-8905/udp …`) it runs all of them;
# with DATABASE_URL and REDIS_URL and a command of docs/operations.md it runs one.

FROM node:20-slim AS assets
WORKDIR /assets
COPY package.json package-lock.json .npmrc deploy/fetch-assets ./
RUN bash fetch-assets && test -s static/npm/hls.mjs

FROM python:3.11-slim AS packages
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY requirements/bootstrap.txt requirements/base.txt requirements/
COPY deploy/make-venv deploy/install-packages deploy/
RUN bash deploy/make-venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements/bootstrap.txt \
    && UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 bash deploy/install-packages /opt/venv requirements/base.txt

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /srv/showfloor --shell /usr/sbin/nologin showfloor \
    && mkdir -p /srv/showfloor /var/lib/showfloor && chown showfloor:showfloor /var/lib/showfloor
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/showfloor
COPY . .
COPY --from=assets /assets/static/npm static/npm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SHOWFLOOR_HOME=/var/lib/showfloor \
    BIND=0.0.0.0
USER showfloor
VOLUME /var/lib/showfloor
EXPOSE 8000 1935 8890-8905/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=90s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%d/health' % int(os.environ.get('WEB_PORT') or int(os.environ.get('SRT_PORT', 8890)) + 1), timeout=2)"]
CMD ["python", "manage.py", "up"]
