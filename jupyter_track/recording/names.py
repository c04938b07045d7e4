"""Random names of runs: an adjective, an animal and a number, as mlflow's users know them."""

from __future__ import annotations

import random

_ADJECTIVES = (
    "able agile amber ample apt azure bold brave bright brisk calm candid clean clear clever cosmic crisp daring deft "
    "eager early earnest fair fancy fine fleet fond frank fresh gentle glad golden grand handy hardy honest humble "
    "ideal jolly keen kind likely lively loyal lucky lunar mellow merry mild modest neat nimble noble open patient "
    "placid polite proud quick quiet rapid ready robust rustic sage serene sharp silent silver simple sincere sleek "
    "smart smooth snug solar solid sound spry steady stoic sturdy subtle sunny sure swift tidy tranquil true upbeat "
    "valiant vivid warm wise witty worthy zesty"
).split()
_ANIMALS = (
    "ant badger bat bear beaver bee bison boar bream carp cat cod colt conch crab crane cricket crow deer dove duck "
    "eagle eel elk ermine falcon fawn finch fish fox frog gnat gnu goat goose grouse gull hare hawk hen heron horse "
    "ibis jay kite koi lamb lark lemur lion loon lynx mare mink mole moose moth mouse mule newt otter owl ox panda "
    "perch pike pony puffin quail ram rat raven rook seal shad shark sheep shrew shrike skink skunk sloth slug smelt "
    "snail snipe sole sparrow squid stag stork swan tern toad trout vole wasp whale wolf wren yak zebra"
).split()
# A generator of its own: naming a run must not move the random state that the user's cell depends on.
_random = random.SystemRandom()


def random_name() -> str:
    """Return a name such as ``brave-otter-417``."""
    return f"{_random.choice(_ADJECTIVES)}-{_random.choice(_ANIMALS)}-{_random.randrange(1000)}"
