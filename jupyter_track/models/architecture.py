"""The architecture of a torch module as plain data: classes by name with their arguments, never code.

A module's arguments are read from attributes of the same name, which is torch's own habit (``Linear`` has in_features
and out_features), and those of its children go by the same way. That is a guess, so it is proved: the module is built
from the description, and it has to be the same in its repr, in every tensor's name, shape and type, in every plain
attribute, and in what shares memory. Otherwise there is no description, and the whole module is pickled.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from ..errors import DamagedModel, InvalidValue

Described = dict[str, Any]
_PLAIN = (bool, int, float, str, type(None))
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_state_dict_hooks")
_MAX_DEPTH = 50
_CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")


class Unknown(Exception):
    """The architecture cannot be told; the message says why."""


def describe(module: Any, init_args: Mapping[str, Any] | None = None) -> Described:
    """Return the architecture of a module.

    Parameters
    ----------
    module : torch.nn.Module
    init_args : mapping, optional
        The arguments of its class, where they are known.

    Raises
    ------
    Unknown
        Where it cannot be told, or what is built from it is not the same.
    """
    found = _described(module, 0, init_args)
    try:
        again = build(found)
    except Exception as error:
        raise Unknown(f"{type(module).__name__} cannot be built again from its arguments ({error})") from error
    _check_same(module, again)
    return found


def _described(module: Any, depth: int, init_args: Mapping[str, Any] | None = None) -> Described:
    import torch

    kind = type(module)
    if depth > _MAX_DEPTH:
        raise Unknown("its modules are nested too deeply")
    if kind.__module__ == "__main__":
        raise Unknown(f"{kind.__qualname__} is a class of the notebook")
    if "<locals>" in kind.__qualname__:
        raise Unknown(f"{kind.__qualname__} is a class inside of a function")
    if isinstance(module, (torch.jit.ScriptModule, torch.nn.DataParallel)):
        raise Unknown(f"{kind.__name__} has no arguments to build it from")
    name = {"class": f"{kind.__module__}:{kind.__qualname__}"}
    if kind.__module__ == "torch.nn.modules.container" and kind.__name__ in _CONTAINERS:
        if init_args:
            raise InvalidValue(f"{kind.__name__} takes its modules; leave init_args out.")
        return {**name, "children": {key: _described(child, depth + 1) for key, child in module.named_children()}}
    if init_args is not None:
        return {**name, "args": {key: _value(value, key) for key, value in init_args.items()}}
    return {**name, "args": _arguments(module, depth)}


def _arguments(module: Any, depth: int) -> dict[str, Any]:
    """The arguments of a module's class, from its attributes; those at their default are left out."""
    found = {}
    for key, parameter in _parameters(type(module)).items():
        if key in ("self", "device", "dtype") or parameter.kind == parameter.VAR_POSITIONAL:
            continue
        if parameter.kind == parameter.VAR_KEYWORD and not hasattr(module, key):
            continue
        if not hasattr(module, key):
            if parameter.default is not parameter.empty:
                continue  # whether it was the default is proved by what is built
            raise Unknown(f"{type(module).__name__} does not keep its argument {key!r}; give init_args={{…}}")
        value = getattr(module, key)
        if parameter.default is not parameter.empty and isinstance(parameter.default, bool):
            value = value if isinstance(value, bool) else value is not None  # bias: a tensor, or None
        found[key] = _value(value, key, depth)
    return found


def _parameters(kind: Any) -> Mapping[str, inspect.Parameter]:
    """The arguments of a class; those of torch's recurrent ones stand in the class below them."""
    found = inspect.signature(kind.__init__).parameters
    if kind.__module__ == "torch.nn.modules.rnn" and set(found) == {"self", "args", "kwargs"}:
        found = inspect.signature(kind.__mro__[1].__init__).parameters
        return {key: one for key, one in found.items() if key != "mode"}
    return found


def _value(value: Any, key: str, depth: int = 0) -> Any:
    """A plain value, or one that is marked with what it is."""
    import torch

    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, tuple):
        return {"tuple": [_value(one, key, depth) for one in value]}
    if isinstance(value, list):
        return [_value(one, key, depth) for one in value]
    if isinstance(value, torch.nn.Module):
        return {"module": _described(value, depth + 1)}
    if isinstance(value, Mapping) and all(isinstance(one, str) for one in value):
        return {"dict": {one: _value(other, key, depth) for one, other in value.items()}}
    raise Unknown(f"its argument {key!r} is a {type(value).__name__}, which has no plain form")


def build(described: Mapping[str, Any]) -> Any:
    """Build a module from its description: only classes below ``torch.nn.Module`` are called.

    Raises
    ------
    ImportError
        Where the class's module is not there.
    DamagedModel
        Where it names something else.
    """
    import torch

    module_name, _, qualname = str(described["class"]).partition(":")
    kind: Any = importlib.import_module(module_name)
    try:
        for part in qualname.split("."):
            kind = getattr(kind, part)
    except AttributeError as error:
        raise DamagedModel(f"The model's class {qualname} is not in {module_name} any more ({error}).") from error
    if not (isinstance(kind, type) and issubclass(kind, torch.nn.Module)):
        raise DamagedModel(f"{described['class']} is no class of a torch module; nothing of the model was loaded.")
    if "children" in described:
        children = {key: build(child) for key, child in described["children"].items()}
        if kind.__name__ == "ModuleList":
            return kind(children.values())
        if kind.__name__ == "ModuleDict":
            return kind(children)
        sequential = kind()
        for key, child in children.items():
            sequential.add_module(key, child)
        return sequential
    return kind(**{key: _built(value) for key, value in described.get("args", {}).items()})


def _built(value: Any) -> Any:
    if isinstance(value, list):
        return [_built(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    ((what, inner),) = value.items()
    if what == "tuple":
        return tuple(_built(one) for one in inner)
    if what == "module":
        return build(inner)
    return {key: _built(one) for key, one in inner.items()}


# ---- the proof


def _check_same(module: Any, again: Any) -> None:
    """Raise `Unknown` where a module that was built is another one than the module that it was described from."""
    name = type(module).__name__
    if repr(module) != repr(again):
        raise Unknown(f"{name} differs from what its class makes of its arguments")
    mine, theirs = module.state_dict(), again.state_dict()
    if _shapes(mine) != _shapes(theirs):
        raise Unknown(f"the tensors of {name} are not those that its class makes")
    if _shared(module) != _shared(again):
        raise Unknown(f"tensors of {name} share memory in another way than its class makes them")
    for (path, one), (_, other) in zip(module.named_modules(), again.named_modules(), strict=True):
        where = path or name
        if any(getattr(one, hooks, None) for hooks in _HOOKS):
            raise Unknown(f"{where} has hooks, which are functions")
        if _attributes(one) != _attributes(other):
            raise Unknown(f"attributes of {where} were changed after it was made")
    for path, buffer in module.named_buffers():
        if path not in mine and not _equal(buffer, dict(again.named_buffers()).get(path)):
            raise Unknown(f"the buffer {path} is not kept with the weights")


def _shapes(state: Mapping[str, Any]) -> dict[str, Any]:
    return {key: (tuple(one.shape), str(one.dtype)) for key, one in state.items()}


def _shared(module: Any) -> set[frozenset[str]]:
    """The names of tensors that are one and the same."""
    groups: dict[int, set[str]] = {}
    for key, one in module.state_dict(keep_vars=True).items():
        groups.setdefault(id(one), set()).add(key)
    return {frozenset(names) for names in groups.values() if len(names) > 1}


def _attributes(module: Any) -> dict[str, Any]:
    """What a module keeps of its own, apart from tensors, modules and what torch keeps for itself."""
    own = type(module).__module__.startswith("torch.nn.")
    return {
        key: _comparable(value, key, own)
        for key, value in vars(module).items()
        if key != "training" and key not in _TORCH_OWN
    }


def _comparable(value: Any, key: str, own: bool) -> Any:
    """A value in a form that can be compared; what a module of the user's keeps has to have one.

    Raises
    ------
    Unknown
        Where it has none: it could differ unseen.
    """
    import torch

    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, (tuple, list)):
        return [_comparable(one, key, own) for one in value]
    if isinstance(value, Mapping):
        return {str(one): _comparable(other, key, own) for one, other in value.items()}
    if isinstance(value, type) or inspect.isroutine(value):
        name = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
        if "<" in name:  # a lambda, or a function inside of one: several have this name
            raise Unknown(f"it keeps a function without a name of its own in {key!r}")
        return name
    if isinstance(value, (torch.dtype, torch.device)):
        return str(value)
    if not own:
        raise Unknown(f"it keeps a {type(value).__name__} in {key!r}, which cannot be told")
    kind = type(value).__qualname__
    return (kind, tuple(value.shape)) if isinstance(value, torch.Tensor) else kind


_TORCH_OWN = frozenset(
    """_parameters _buffers _modules _non_persistent_buffers_set _backward_pre_hooks _backward_hooks
    _is_full_backward_hook _forward_hooks _forward_hooks_with_kwargs _forward_hooks_always_called _forward_pre_hooks
    _forward_pre_hooks_with_kwargs _state_dict_hooks _state_dict_pre_hooks _load_state_dict_pre_hooks
    _load_state_dict_post_hooks""".split()
)


def _equal(one: Any, other: Any) -> bool:
    import torch

    return other is not None and one.shape == other.shape and one.dtype == other.dtype and bool(torch.equal(one, other))
