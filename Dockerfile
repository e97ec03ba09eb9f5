# UNTRIED: no container could be built where this was written. It is the README's first command in a container:
#   docker build -t dense-mnist-study . && docker run -v "$PWD/results:/study/results" dense-mnist-study
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends make git && rm -rf /var/lib/apt/lists/*
WORKDIR /study
COPY . .
RUN make check
CMD ["make"]
