# An image that holds archiver and what it needs, for `archiver schedule kubernetes --image` among others:
#
#     docker build --tag recording-archiver .
#     docker build --tag recording-archiver --build-arg LOCK=requirements-dask.lock .     # with Dask, for a cluster
#
# It runs as nobody in particular, as the jobs that archiver prints do, and needs no file of its own to be writable.
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS build
ARG LOCK=requirements-run.lock
COPY . /src
WORKDIR /src
RUN python3 -m venv /opt/archiver \
 && /opt/archiver/bin/pip install --no-cache-dir --require-hashes --requirement "${LOCK}"
# What builds the package is pinned too, without a hash: pip takes none for what it fetches to build.
RUN sed -E '/^ +--hash/d; s/ \\$//' requirements.lock > /pinned.txt \
 && PIP_CONSTRAINT=/pinned.txt /opt/archiver/bin/pip install --no-cache-dir --no-deps . \
 && /opt/archiver/bin/pip uninstall --yes pip

FROM ${BASE}
COPY --from=build /opt/archiver /opt/archiver
ENV PATH=/opt/archiver/bin:${PATH}
USER 10001:10001
CMD ["archiver", "--help"]
