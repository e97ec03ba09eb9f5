"""A small data set of noise, and an https server on loopback that delivers it, rightly or wrongly."""

import contextlib
import gzip
import hashlib
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from data.datasets import FILES, load_datasets
from data.sources import Limits, Refused, fetch_dataset

PROJECT = Path(__file__).parents[2]
SUBSET = PROJECT / "tests" / "fixtures" / "mnist-subset"
NAMES = list(FILES.values())
LABELS = FILES["test_labels"]


class Server:
    """An https server on loopback; `answers` maps a path, or "*", to a function of the request handler."""

    def __init__(self, certificate):
        self.answers = {}
        self.asked = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                answer = server.answers.get(self.path) or server.answers.get("*") or status(404)
                with contextlib.suppress(OSError):  # the client goes away, as some tests want
                    answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None  # a refused certificate is no news
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.address = f"https://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def status(code, body=b"", length=None, **headers):
    """Return an answer with this status and body; `length` is the length it claims."""

    def answer(handler):
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def endless(code=200, chunk=b"\x00" * 65536, pause=0.001, **headers):
    """Return an answer that goes on for longer than a test waits."""

    def answer(handler):
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        end = time.monotonic() + 5
        while time.monotonic() < end:
            handler.wfile.write(chunk)
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def silence(handler):
    time.sleep(5)


class Study:
    """A data set `noise` with sources of the test's choice, and the folder its files go to."""

    def __init__(self, folder, raw_files):
        self.raw_files = raw_files
        self.datasets = folder / "datasets.yaml"
        self.output = folder / "results" / "raw"
        self.list([])

    def list(self, sources):
        entry = {
            "description": "noise",
            "license": "none",
            "citation": "none",
            "image_shape": [28, 28],
            "class_names": [f"class {index}" for index in range(10)],
            "train_images_count": 40,
            "test_images_count": 30,
            "files": {
                key: {"name": name, "sha256": hashlib.sha256(self.raw_files[name]).hexdigest()}
                for key, name in FILES.items()
            },
            "sources": sources,
        }
        self.datasets.write_text(yaml.safe_dump({"noise": entry}))

    def arguments(self, dataset="noise", local=None):
        arguments = ["--datasets", self.datasets, "--dataset", dataset, "--output-folder", self.output]
        return [str(argument) for argument in arguments + (["--local-folder", local] if local else [])]

    def fetch(self, sources, local=None, **limits):
        """Fetch from these sources; return the log's lines, or the error's after them."""
        self.list(sources)
        log = []
        try:
            fetch_dataset(load_datasets(self.datasets)["noise"], self.output, local, log.append, Limits(**limits))
        except Refused as error:
            return [*log, *str(error).splitlines()]
        return log

    def is_complete(self):
        return {path.name: path.read_bytes() for path in self.output.iterdir()} == self.raw_files

    def serve(self, server, folder="good", leave_out=()):
        """Let the server offer the files, compressed; return the source."""
        for name, content in self.raw_files.items():
            if name not in leave_out:
                server.answers[f"/{folder}/{name}.gz"] = status(200, gzip.compress(content))
        return {"url": f"{server.address}/{folder}/{{name}}.gz"}


BOMB = gzip.compress(bytes(20_000_000))
PAGE = b"\n<!DOCTYPE html><html>Please log in" + b" " * 200_000


def write_folder(folder, files, compressed=()):
    folder.mkdir(parents=True)
    for name, content in files.items():
        if name in compressed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder
