# UNTRIED: no container could be built where this was written. It is the README's first command in a container:
#   docker build -t dense-mnist-study . && docker run -v "$HOME/study:/study-folder" dense-mnist-study
# One volume holds the study's folder: results/ and .snakemake, the record of how they were made. So the same command
# again goes on where the last one ended. Another command may follow the image's name: make quick FOLDER=/study-folder
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends make git && rm -rf /var/lib/apt/lists/*
WORKDIR /project
COPY . .
RUN make check
CMD ["make", "FOLDER=/study-folder"]
