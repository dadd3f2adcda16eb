# stripe-audit in a container:  docker build -t stripe-audit . && docker run --rm --network host -v "$PWD:/work" stripe-audit run
FROM python:3.12-slim AS build
COPY . /src
RUN pip wheel --quiet --no-cache-dir --wheel-dir /wheels /src

FROM python:3.12-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels pip install --quiet --no-cache-dir /wheels/*.whl \
 && useradd --create-home audit
USER audit
WORKDIR /work
ENTRYPOINT ["stripe-audit"]
CMD ["--help"]
