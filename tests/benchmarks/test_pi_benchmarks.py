"""How fast the Raspberry Pi package is: one thread, the time it takes here, against named rivals in the same run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.workers import Worker, fastest
from tests.mediapipe import mediapipe_python
from tests.targets.pi.projects import write_project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("not config.getoption('--benchmark-enable')", reason="benchmarks: make benchmark"),
]
Report = Callable[[str, float, float], float]


@pytest.fixture
def report(record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]) -> Report:
    def tell(name: str, ours: float, rival: float) -> float:
        record_property(name, ours / rival)
        with capsys.disabled():
            print(f"\n{name}: {ours:.3f} ms against {rival:.3f} ms, ratio {ours / rival:.3f}")
        return ours / rival

    return tell


def classifier(folder: Path, models: Path, model: str, resize: str) -> Path:
    labels = models / "imagenet_labels.txt"
    metadata = f'task = "image-classification"\nlabels = "{labels}"\nmean = 127.5\nstd = 127.5\nresize = "{resize}"\n'
    return write_project(folder, models / model, metadata, [models / "parrot.jpg"])


# `input_and_invoke` is what `classify` does before it reads the answer; `pillow` is that with two bare resizes, which
# are in the order of the package.
PACKAGE = """
import sys
sys.path.insert(0, sys.argv[5])
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from net import NetClassifier
from net.preprocessing import Preprocessor

picture = Image.open(sys.argv[1]).convert("RGB").resize(tuple(map(int, sys.argv[2:4])))
model, preprocessor = NetClassifier(threads=1), Preprocessor()
interpreter = Interpreter(model_path=sys.argv[4], num_threads=1)
interpreter.allocate_tensors()
height, width = map(int, interpreter.get_input_details()[0]["shape"][1:3])

def pillow():
    bilinear = Image.Resampling.BILINEAR
    picture.resize((picture.width, height), bilinear).resize((width, height), bilinear)
    interpreter.invoke()

def input_and_invoke():
    preprocessor.tensors(picture)
    interpreter.invoke()

works = {
    "classify": lambda: model.classify(picture),
    "input": lambda: preprocessor.tensors(picture),
    "input_and_invoke": input_and_invoke,
    "pillow": pillow,
    "pillow_bilinear": lambda: picture.resize((width, height), Image.Resampling.BILINEAR),
}
"""


def package_worker(project: Path, picture: Path, size: tuple[int, int]) -> Worker:
    """Of a classifier and a picture scaled to ``size``, decoded."""
    return Worker.python(sys.executable, PACKAGE, picture, *map(str, size), project / "net" / "model.tflite", project)


# The processor time of a picture: asked for over two connections that stay, and in a loop over its file. That of the
# service is its process's, without its clients; wall time would tell how busy this machine is.
SERVED = """
import http.client, json, os, re, subprocess, sys, threading, time
sys.path.insert(0, sys.argv[2])
from net import NetClassifier

COUNT, TURNS = 20, 10
picture = open(sys.argv[1], "rb").read()
command = [sys.executable, "-m", "net", "serve", "--port", "0"]
service = subprocess.Popen(command, cwd=sys.argv[2], stdout=subprocess.PIPE, text=True)
port = int(re.search(r":(\\d+)/", service.stdout.readline())[1])
connections = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(2)]
model = NetClassifier(threads=1)

def ask(connection):
    for _ in range(COUNT // 2):
        connection.request("POST", "/predict", picture, {"Content-Type": "image/jpeg"})
        assert b"results" in connection.getresponse().read()

def serve():
    clients = [threading.Thread(target=ask, args=[connection]) for connection in connections]
    for client in clients: client.start()
    for client in clients: client.join()

def loop():
    for _ in range(COUNT): model.classify(sys.argv[1])

def seconds_of_service():
    fields = open(f"/proc/{service.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

times = {"serve": 0, "loop": 0}
for turn in range(1 + TURNS):
    for work, clock in ((serve, seconds_of_service), (loop, time.process_time)):
        start = clock()
        work()
        times[work.__name__] += (clock() - start) / (COUNT * TURNS) * 1000 * bool(turn)
service.terminate()
service.wait()
print(json.dumps(times))
"""


@pytest.mark.parametrize("model", ["mobilenet_v1_0.25_128_quant.tflite", "mobilenet_v2_1.0_224_quant.tflite"])
def test_a_service_answers_nearly_as_fast_as_a_loop(models: Path, tmp_path: Path, report: Report, model: str) -> None:
    project = classifier(tmp_path, models, model, "bilinear")
    command: list[str | Path] = [sys.executable, "-c", SERVED, models / "parrot.jpg", project]
    times = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    name = f"processor time of a picture of 512x929 pixels on {model}, serve / classify in a loop"
    assert report(name, times["serve"], times["loop"]) <= 1.2


# Of its own accord it takes one thread on a machine like this.
MEDIAPIPE = """
import sys, numpy
from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import ImageClassifier, ImageClassifierOptions
from PIL import Image as Picture

picture = numpy.asarray(Picture.open(sys.argv[1]).convert("RGB").resize(tuple(map(int, sys.argv[2:4]))))
picture = Image(image_format=ImageFormat.SRGB, data=picture)
options = ImageClassifierOptions(base_options=BaseOptions(model_asset_path=sys.argv[4]), max_results=5)
model = ImageClassifier.create_from_options(options)
works = {"mediapipe": lambda: model.classify(picture)}
"""


def test_antialias_costs_what_pillow_costs(models: Path, tmp_path: Path, report: Report) -> None:
    project = classifier(tmp_path, models, "mobilenet_v1_0.25_128_quant.tflite", "antialias")
    with package_worker(project, models / "parrot.jpg", (512, 929)) as package:
        times = fastest([(package, "classify"), (package, "pillow")])
    name = "classify of 512x929 pixels, antialias / Pillow's two resizes and invoke()"
    assert report(name, times["classify"], times["pillow"]) <= 1.15


def test_bilinear_is_faster_than_pillow(models: Path, tmp_path: Path, report: Report) -> None:
    project = classifier(tmp_path, models, "mobilenet_v2_1.0_224_quant.tflite", "bilinear")
    with package_worker(project, models / "parrot.jpg", (1920, 1080)) as package:
        times = fastest([(package, "input"), (package, "pillow_bilinear")])
    name = "input tensor 224x224 of 1920x1080 pixels, bilinear / Pillow's resize(BILINEAR)"
    assert report(name, times["input"], times["pillow_bilinear"]) <= 0.6


@pytest.mark.mediapipe
@pytest.mark.parametrize(
    ("model", "most"), [("mobilenet_v1_0.25_128_quant.tflite", 1.5), ("mobilenet_v2_1.0_224_quant.tflite", 1.2)]
)
def test_bilinear_keeps_up_with_mediapipe(
    models: Path, tmp_path: Path, report: Report, capsys: pytest.CaptureFixture[str], model: str, most: float
) -> None:
    python = mediapipe_python()
    project = classifier(tmp_path, models, model, "bilinear")
    picture, size = models / "parrot.jpg", (512, 929)
    arguments: tuple[str | Path, ...] = (picture, *map(str, size), project / "net" / "model.tflite")
    with package_worker(project, picture, size) as package, Worker.python(python, MEDIAPIPE, *arguments) as theirs:
        ours = [(package, work) for work in ("classify", "input", "input_and_invoke")]
        times = fastest([*ours, (theirs, "mediapipe")])
    name = f"classify of 512x929 pixels on {model}, bilinear / MediaPipe's ImageClassifier"
    ratio = report(name, times["classify"], times["mediapipe"])
    # The model alone, time after time, would find its weights in the cache.
    invoke, answer = times["input_and_invoke"] - times["input"], times["classify"] - times["input_and_invoke"]
    with capsys.disabled():
        print(f"of it the input tensor {times['input']:.3f}, invoke() {invoke:.3f}, the answer {answer:.3f} ms")
    assert ratio <= most


DECODING = """
import numpy
from packager.tasks import Head
from tests.tasks.test_boxes import boxes

output = numpy.random.default_rng(0).random((1, 84, 8400), numpy.float32) ** 8
kind = boxes(Head.YOLO_V8, output.shape)
works = {"decode": lambda: kind.read([output], None), "argmax": lambda: output.argmax(axis=1)}
"""


def test_decoding_costs_a_few_looks_at_the_scores(report: Report) -> None:
    """All of it, suppression too: the best class of every box has to be found by whoever decodes."""
    with Worker.python(sys.executable, DECODING) as worker:
        times = fastest([(worker, "decode"), (worker, "argmax")])
    assert report("boxes of a 1x84x8400 YOLO output / numpy.argmax of it", times["decode"], times["argmax"]) <= 8
