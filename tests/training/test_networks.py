"""The network has the layers it should."""

from training.networks import build_network


def test_network_has_the_shape_it_should():
    assert [weights.shape for weights in build_network(512).get_weights()] == [(784, 512), (512,), (512, 10), (10,)]
    assert [layer.activation.__name__ for layer in build_network(512).layers] == ["relu", "softmax"]
