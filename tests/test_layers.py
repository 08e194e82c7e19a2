"""Multiply-accumulates and weights by layer: by hand, and against totals that others published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from packager.inspection import inspect_model
from packager.model import parse_model, read_model
from packager.model.layers import Layer, count_work
from tests.conftest import write_files
from tests.models import Op, T, graph, ports


def work_of(tensors: Sequence[T], operators: Sequence[Op]) -> list[Layer]:
    data = graph(tensors, operators, [tensors[0].name], [tensors[-1].name])
    return list(count_work(parse_model(data)).layers)


def of_one(operator: str, inputs: Sequence[Sequence[int] | None], output: Sequence[int]) -> int | None:
    """The multiply-accumulates of one operator on tensors of these shapes, None for one left out."""
    tensors = [T(f"in{place}", shape) for place, shape in enumerate(inputs) if shape is not None]
    names = ["" if shape is None else f"in{place}" for place, shape in enumerate(inputs)]
    ((*_, last),) = [work_of([*tensors, T("out", output)], [Op(operator, names, ["out"])])]
    return last.macs


@pytest.mark.parametrize(
    ("operator", "inputs", "output", "macs"),
    [
        # 6 x 5 places, 8 channels, each a sum over 3 x 3 x 4.
        ("CONV_2D", [[1, 12, 10, 4], [8, 3, 3, 4], [8]], [1, 6, 5, 8], 6 * 5 * 8 * 36),
        # Two groups: each channel sees half of the inputs.
        ("CONV_2D", [[1, 6, 5, 4], [8, 3, 3, 2], [8]], [1, 6, 5, 8], 6 * 5 * 8 * 18),
        ("DEPTHWISE_CONV_2D", [[1, 6, 5, 4], [1, 3, 3, 8], [8]], [1, 6, 5, 8], 6 * 5 * 8 * 9),
        ("FULLY_CONNECTED", [[2, 7], [3, 7], [3]], [2, 3], 42),
        ("FULLY_CONNECTED", [[2, 7], [3, 7], None], [2, 3], 42),
        # Every input item is scattered over 2 x 2 places and 3 channels.
        ("TRANSPOSE_CONV", [[4], [3, 2, 2, 5], [1, 4, 4, 5]], [1, 8, 8, 3], 4 * 4 * 5 * 12),
        ("CONV_3D", [[1, 4, 4, 4, 2], [3, 3, 3, 2, 6]], [1, 4, 4, 4, 6], 4 * 4 * 4 * 6 * 54),
        ("CONV_3D_TRANSPOSE", [[5], [2, 2, 2, 6, 3], [1, 4, 4, 4, 3]], [1, 8, 8, 8, 6], 4 * 4 * 4 * 3 * 48),
        ("BATCH_MATMUL", [[2, 5, 4], [2, 4, 3]], [2, 5, 3], 2 * 5 * 3 * 4),
        # The first one transposed, and the second broadcast.
        ("BATCH_MATMUL", [[2, 4, 5], [4, 3]], [2, 5, 3], 2 * 5 * 3 * 4),
        ("SVDF", [[1, 40], [16, 40], [16, 8], [8], [1, 128]], [1, 8], 16 * 40 + 16 * 8),
        ("UNIDIRECTIONAL_SEQUENCE_RNN", [[1, 9, 4], [6, 4], [6, 6], [6], [1, 6]], [1, 9, 6], 9 * (24 + 36)),
        # Four gates, each 20 x (28 + 20), in 28 steps; no peepholes, no projection.
        (
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            [[1, 28, 28], *[[20, 28]] * 4, *[[20, 20]] * 4, None, None, None, *[[20]] * 4, None, None],
            [1, 28, 20],
            28 * 4 * 20 * 48,
        ),
        ("ADD", [[1, 8], [1, 8]], [1, 8], 0),
        ("AVERAGE_POOL_2D", [[1, 8, 8, 4]], [1, 4, 4, 4], 0),
        # What contradicts itself, or is of another rank, is not told.
        ("CONV_2D", [[1, 6, 5, 4], [0, 3, 3, 4]], [1, 6, 5, 8], None),
        ("CONV_2D", [[1, 6, 5, 4]], [1, 6, 5, 8], None),
        ("CONV_2D", [[1, 6, 5, 4], None], [1, 6, 5, 8], None),
        ("DEPTHWISE_CONV_2D", [[1, 6, 5, 4], [9, 8]], [1, 6, 5, 8], None),
        ("BATCH_MATMUL", [[2, 4, 5], [4, 3]], [2, 0, 3], None),
        ("STABLEHLO_CONVOLUTION", [[1, 6, 5, 4], [8, 3, 3, 4]], [1, 6, 5, 8], None),
    ],
)
def test_one_operator(
    operator: str, inputs: Sequence[Sequence[int] | None], output: Sequence[int], macs: int | None
) -> None:
    assert of_one(operator, inputs, output) == macs


def test_a_custom_operator_is_named_and_left_out_of_the_sum() -> None:
    work = count_work(parse_model(ports([T("x", [1, 4])], [T("y", [1, 4])], operator="Mystery")))
    assert (work.macs, work.unknown) == (0, ("Mystery",))


def test_weights_count_where_they_are_first_read() -> None:
    weights, bias = np.zeros((4, 4), np.float32), np.zeros(4, np.float32)
    tensors = [
        *(T("x", [1, 4]), T("w", [4, 4], data=weights), T("b", [4], data=bias)),
        *(T("h", [1, 4]), T("y", [1, 4])),
    ]
    layers = work_of(
        tensors, [Op("FULLY_CONNECTED", ["x", "w", "b"], ["h"]), Op("FULLY_CONNECTED", ["h", "w", ""], ["y"])]
    )
    assert [(layer.output, layer.macs, layer.weight_bytes) for layer in layers] == [("h", 16, 80), ("y", 16, 0)]


# --- published totals ----------------------------------------


def convolutions(layers: Sequence[tuple[str, int, int, int, int]]) -> int:
    """The multiply-accumulates of ``layers``: operator, size of the output, kernel, channels in and out."""
    tensors, operators = [T("0", [1, 1, 1, 3])], []
    for number, (operator, size, kernel, inputs, outputs) in enumerate(layers):
        shape = [outputs, kernel, kernel, inputs] if operator == "CONV_2D" else [1, kernel, kernel, outputs]
        tensors += [T(f"w{number}", shape), T(str(number + 1), [1, size, size, outputs])]
        operators.append(Op(operator, [str(number), f"w{number}", ""], [str(number + 1)]))
    return count_work(parse_model(graph(tensors, operators, ["0"], [str(len(layers))]))).macs


def test_mobilenet_v1() -> None:
    """569 million at 224 x 224: tables 1 (layers) and 4 (total) of Howard et al. 2017, arXiv:1704.04861."""
    layers = [("CONV_2D", 112, 3, 3, 32)]
    blocks = [(112, 32, 64), (56, 64, 128), (56, 128, 128), (28, 128, 256), (28, 256, 256), (14, 256, 512)]
    blocks += [(14, 512, 512)] * 5 + [(7, 512, 1024), (7, 1024, 1024)]
    for size, inputs, outputs in blocks:
        layers += [("DEPTHWISE_CONV_2D", size, 3, inputs, inputs), ("CONV_2D", size, 1, inputs, outputs)]
    layers += [("CONV_2D", 1, 1, 1024, 1000)]
    assert convolutions(layers) == 568_740_352


def test_mobilenet_v2() -> None:
    """300 million at 224 x 224: tables 2 (layers) and 4 (total) of Sandler et al. 2018, arXiv:1801.04381."""
    layers = [("CONV_2D", 112, 3, 3, 32)]
    channels, size = 32, 112
    for expansion, outputs, count, stride in [
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    ]:
        for number in range(count):
            wide = channels * expansion
            if expansion > 1:
                layers += [("CONV_2D", size, 1, channels, wide)]
            size //= stride if number == 0 else 1
            layers += [("DEPTHWISE_CONV_2D", size, 3, wide, wide), ("CONV_2D", size, 1, wide, outputs)]
            channels = outputs
    layers += [("CONV_2D", 7, 1, 320, 1280), ("CONV_2D", 1, 1, 1280, 1000)]
    assert convolutions(layers) == 300_774_272


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        # The papers' and TensorFlow-Slim's tables: in millions 300, 41 and 14; one class more than 1000.
        ("mobilenet_v2_1.0_224_quant", 300_774_272 + 1280),
        ("mobilenet_v1_0.25_224_1_default_1", 41_030_528),
        ("mobilenet_v1_0.25_128_quant", 13_570_304),
        # MLPerf Tiny (Banbury et al. 2021, arXiv:2106.07597): 12.5 and 2.7.
        ("resnet8_cifar10_int8", 12_501_632),
        ("kws_ref_model", 2_656_768),
    ],
)
def test_real_models(models: Path, name: str, macs: int) -> None:
    work = count_work(read_model(models / f"{name}.tflite"))
    assert (work.macs, work.unknown) == (macs, ())


def test_weights_of_real_models_are_in_the_file(models: Path) -> None:
    for path in sorted(models.glob("*.tflite")):
        model = read_model(path)
        work = count_work(model)
        assert work.weight_bytes >= 0
        if len(model.subgraphs) == 1 and not work.unknown:
            constants = sum(tensor.constant_bytes for tensor in model.main.tensors)
            assert work.weight_bytes == constants


# --- inspect ----------------------------------------


def test_inspect_tells_layers_where_they_are_asked_for(tmp_path: Path) -> None:
    write_files(tmp_path, {"model.tflite": ports([T("x", [1])], [T("y", [1])], operator="Mystery\n[bold]")})
    assert "work" not in inspect_model(tmp_path / "model.tflite").to_json()
    report = inspect_model(tmp_path / "model.tflite", layers=True).to_json()
    assert report["work"]["unknown"] == ["Mystery\n[bold]"]
    (layer,) = report["work"]["layers"]
    assert list(layer) == ["graph", "index", "operator", "output", "shape", "macs", "weight_bytes"]
    assert layer["macs"] is None
