"""What factors and metrics are called in tables, figures and sentences."""

LABELS = {
    "units": "hidden units",
    "learning_rate": "learning rate",
    "momentum": "momentum",
    "batch_size": "batch size",
    "optimizer": "optimizer",
    "epochs": "epochs",
    "test_accuracy": "test accuracy",
    "test_loss": "test loss",
    "train_accuracy": "training accuracy",
    "train_loss": "training loss",
}


def label_of(factor: str) -> str:
    """Return what a factor or metric is called; a keyword of a network by its own name."""
    return LABELS.get(factor, factor.replace("_", " "))
