# One image a program: docker build --target vtgate -t vtgate .
# Each stage holds one self-contained executable on a small base; vttablet's has mysqld too.
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends npm ca-certificates unzip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY deno.json deno.lock ./
RUN npx -y deno@2.9.6 install --frozen
COPY . .
RUN npx -y deno@2.9.6 task compile

FROM debian:12-slim AS base
RUN useradd --system --uid 999 --create-home --home-dir /vt vitess
USER vitess
WORKDIR /vt

FROM base AS vtgate
COPY --from=build /src/dist/vtgate /usr/local/bin/vtgate
EXPOSE 15306 15001
ENTRYPOINT ["vtgate"]

FROM base AS vtctld
COPY --from=build /src/dist/vtctld /usr/local/bin/vtctld
EXPOSE 15000
ENTRYPOINT ["vtctld"]

FROM base AS vtctl
COPY --from=build /src/dist/vtctl /usr/local/bin/vtctl
ENTRYPOINT ["vtctl"]

FROM debian:12-slim AS vttablet
RUN apt-get update && apt-get install -y --no-install-recommends mariadb-server \
    && rm -rf /var/lib/apt/lists/* /var/lib/mysql \
    && useradd --system --uid 999 --create-home --home-dir /vt vitess \
    && install -d -m 0700 -o vitess /vt/data
COPY --from=build /src/dist/vttablet /usr/local/bin/vttablet
USER vitess
WORKDIR /vt
VOLUME /vt/data
EXPOSE 15100 15200 17100
ENTRYPOINT ["vttablet", "--data-dir=/vt/data"]
