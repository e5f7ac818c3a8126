# The web application and the command line, without torch: serving reads the graph alone.
#   docker build .                                     for serving, collect, build, recommend
#   docker build --build-arg EXTRAS='[gnn]' .          with extract and update, several GB more
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
ARG EXTRAS=""
WORKDIR /source
COPY . .
RUN python -m venv /opt/interestgraph \
 && /opt/interestgraph/bin/pip install --no-cache-dir --constraint constraints.txt ".${EXTRAS}"

FROM ${PYTHON_IMAGE}
COPY --from=build /opt/interestgraph /opt/interestgraph
RUN mkdir /data && chown 10001:10001 /data
ENV PATH=/opt/interestgraph/bin:$PATH \
    HOME=/data \
    INTERESTGRAPH_HOME=/data \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["interestgraph"]
CMD ["serve", "--host", "0.0.0.0"]
