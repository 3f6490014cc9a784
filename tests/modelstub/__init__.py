"""A server that speaks OpenAI's chat completions and fails in every way a model can, over
real HTTP."""

from tests.modelstub.modes import MODES, USAGE
from tests.modelstub.server import ModelStub, Received

__all__ = ["MODES", "USAGE", "ModelStub", "Received"]
