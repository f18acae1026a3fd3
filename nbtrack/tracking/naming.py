"""Names for runs that nobody named: two words and the run's number, such as ``calm-otter-43``."""

from __future__ import annotations

_ADJECTIVES = (
    "amber bold brave bright brisk calm clear clever cosy crisp deft eager early fair fleet fond fresh gentle glad golden "
    "grand happy hardy honest jolly keen kind lively lucid lucky mellow merry mild neat nimble noble placid plucky polite "
    "proud quick quiet ready rosy serene sharp silver smooth snug solid spry steady stout sunny swift tidy vivid warm wise witty"
).split()
_NOUNS = (
    "alder badger beaver birch bison brook cedar clover comet condor coral crane delta dune eagle elm falcon fern finch "
    "fjord forest fox garden glacier gull harbor hare hazel heron ibis island ivy jay juniper lagoon lark lemur linden lynx "
    "maple marten meadow mesa moss newt oak orchid otter owl pine plover quail raven reef robin sage seal sparrow stork "
    "swan tern thrush tulip valley walnut willow wren"
).split()


def run_name(run_id: str, number: int | None) -> str:
    """Return the name of a run without one; the words follow from the id, so they are the same wherever they are asked for.

    A run that has no number yet ends with the last digits of its id.
    """
    seed = int(run_id[-12:], 16)
    ending = run_id[-4:] if number is None else number
    return f"{_ADJECTIVES[seed % len(_ADJECTIVES)]}-{_NOUNS[seed // len(_ADJECTIVES) % len(_NOUNS)]}-{ending}"
