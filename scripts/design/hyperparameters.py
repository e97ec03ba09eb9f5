"""What values the hyperparameters and the number of epochs take."""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from design.explanations import Expected, Strict, fault, number
from design.point_names import canonical_name, canonical_value

Optimizer = Literal["rmsprop", "rmsprop_keras2", "sgd", "adam"]
OPTIMIZERS = get_args(Optimizer)
LONGEST_NUMBER = 20  # characters; Snakemake takes one character 20 times over in a path for a loop without end


def _short(value: float) -> float:
    """Refuse a number that is long when written out, as canonical names write it: those are names of folders."""
    if len(canonical_value(value)) > LONGEST_NUMBER:
        raise fault(f"a number of at most {LONGEST_NUMBER} characters when written out")
    return value


PositiveInt = number(int, "a positive integer", gt=0, lt=2**31)
PositiveFloat = number(float, "a positive finite number", gt=0, allow_inf_nan=False)
Fraction = number(float, "a number from 0 to below 1", ge=0, lt=1)


class Hyperparameters(Strict):
    """A point: one value of each hyperparameter, in the order of `point_names.HYPERPARAMETERS`."""

    units: PositiveInt = Field(512, description="width of the hidden layer (the intermediate dimension)")
    learning_rate: Annotated[PositiveFloat, AfterValidator(_short)] = Field(
        0.001, description="step size of the optimizer"
    )
    momentum: Annotated[Fraction, AfterValidator(_short)] = Field(
        0, description="share of the previous step that is added to the next one"
    )
    batch_size: PositiveInt = Field(128, description="images per gradient step; at most the training set")
    optimizer: Annotated[Optimizer, Expected(f"one of {', '.join(OPTIMIZERS)}")] = Field(
        "rmsprop", description="rmsprop (Keras 3), rmsprop_keras2 (the update rule of Keras 2), sgd or adam"
    )

    @property
    def name(self) -> str:
        """The point's canonical name, also its folder's name."""
        return canonical_name(self.model_dump())


class Baseline(Hyperparameters):
    """The point and training length every sweep departs from."""

    epochs: PositiveInt = Field(5, description="training length of every sweep but that of epochs")

    @property
    def point(self) -> Hyperparameters:
        """The baseline without its training length."""
        return Hyperparameters(**self.model_dump(exclude={"epochs"}))


def clash(point: Hyperparameters) -> str:
    """Return what is wrong with a combination of sound values; "" where nothing is."""
    if point.optimizer == "adam" and point.momentum != 0:
        return (
            "optimizer adam takes no momentum (it has its own), momentum must be 0. "
            f"Received: momentum={canonical_value(point.momentum)}"
        )
    return ""
