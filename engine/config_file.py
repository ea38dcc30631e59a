"""The reading of config.yaml, which names the line of what it refuses."""

from __future__ import annotations

import os
import textwrap
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import yaml

from engine.errors import ConfigError, system_reason
from engine.folders import config_folder
from engine.settings import CHECKS, Folder, Settings

_Section = TypeVar("_Section")

_NULL = "tag:yaml.org,2002:null"


def config_path() -> Path:
    """Where the user's config.yaml lies: $BSHM_CONFIG, else the XDG config folder."""
    if named := os.environ.get("BSHM_CONFIG"):
        return Path(named)
    return config_folder() / "config.yaml"


def load_settings(path: Path | None = None) -> Settings:
    """The settings of a config file (default: config_path(); none there: all defaults).

    Raises ConfigError, with the line, for what cannot be read, unknown keys and values of another kind.
    """
    file = path or config_path()
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        if path is None and "BSHM_CONFIG" not in os.environ:
            return Settings()
        raise ConfigError(f"{file}: no such config file", remedy="Create it, or name another") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: cannot be read", "it is not UTF-8 text", "Save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read", system_reason(error)) from error
    return parse_settings(text, str(file))


def parse_settings(text: str, name: str = "config.yaml") -> Settings:
    """The settings that a YAML text holds; `name` is the file's name for the sentences of a ConfigError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}, line {mark.line + 1}" if mark else name
        alias = "alias" in str(getattr(error, "context", None))
        remedy = 'Put a value that begins with * or & in quotes, like "*.jpg"' if alias else ""
        raise ConfigError(f"{place}: not valid YAML", _problem(error), remedy) from error
    return Settings() if root is None else _read_section(root, Settings, "", name)


def _read_section(node: yaml.Node, kind: type[_Section], prefix: str, name: str) -> _Section:
    """The keys of a mapping as a dataclass of engine.settings; what is not said keeps its default."""
    hints = get_type_hints(kind)
    # Folder.line is not compared, and no key.
    keys = [each for each in fields(kind) if each.compare]  # type: ignore[arg-type]  # always a dataclass
    known = {each.name for each in keys}
    changes: dict[str, Any] = {}
    for key_node, value_node in _pairs(node, name):
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
        if key not in known:
            choices = ", ".join(sorted(prefix + each for each in known))
            raise ConfigError(f"{_place(key_node, name)}: unknown key '{prefix}{key}'", f"the keys are {choices}")
        if key in changes:
            raise ConfigError(f"{_place(key_node, name)}: '{prefix}{key}' stands there twice")
        changes[key] = _read(value_node, hints[key], prefix + key, name)
    for each in keys:
        if each.default is MISSING and each.default_factory is MISSING and each.name not in changes:
            wanted = CHECKS[prefix + each.name][1]
            raise ConfigError(f"{_place(node, name)}: '{prefix}{each.name}' is missing", f"it is {wanted}")
    return kind(**changes)


def _read(node: yaml.Node, hint: Any, key: str, name: str) -> Any:
    if hint == tuple[Folder, ...]:
        return _read_folders(node, name)
    if isinstance(hint, type) and is_dataclass(hint):
        return _read_section(node, hint, f"{key}.", name)
    return _read_value(node, hint, key, name)


def _pairs(node: yaml.Node, name: str) -> list[tuple[yaml.Node, yaml.Node]]:
    if node.tag == _NULL:  # every line below the section's name was deleted
        return []
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{_place(node, name)}: settings are written as 'key: value'")
    return list(node.value)


def _read_folders(node: yaml.Node, name: str) -> tuple[Folder, ...]:
    if node.tag == _NULL:
        return Settings().folders
    if not isinstance(node, yaml.SequenceNode):
        remedy = "Begin each folder with '- watch: ...', and indent its other lines as far as the word watch"
        raise ConfigError(f"{_place(node, name)}: 'folders' is no list", remedy=remedy)
    entries = [(_read_section(each, Folder, "folders.", name), each.start_mark.line + 1) for each in node.value]
    return tuple(replace(folder, line=line) for folder, line in entries)


def _read_value(node: yaml.Node, hint: Any, key: str, name: str) -> Any:
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError, KeyError, AttributeError) as error:  # what PyYAML raises at `!!bool maybe`
        raise ConfigError(f"{_place(node, name)}: '{key}' cannot be read", _problem(error)) from error
    if hint == tuple[str, ...]:
        value = tuple(value) if isinstance(value, list) else (value,)
    check, wanted = CHECKS[key]
    if value is None or not _is_a(value, hint) or not check(value):
        fault = "has no value" if node.tag == _NULL and not node.value else f"cannot be {_written(node)}"
        raise ConfigError(f"{_place(node, name)}: '{key}' {fault}", f"it is {wanted}")
    return value


def _is_a(value: Any, hint: Any) -> bool:
    """Whether a value from YAML has a setting's type; true and false are no numbers."""
    if hint == tuple[str, ...]:
        return all(isinstance(each, str) for each in value)
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, int | float if hint is float else hint)


def _written(node: yaml.Node) -> str:
    """The value as it stands in the file, on one line."""
    text = str(node.start_mark.buffer)[node.start_mark.pointer : node.end_mark.pointer]
    return "'" + textwrap.shorten(text, 60, placeholder=" ...") + "'"


def _problem(error: Exception) -> str:
    """What a reader's error says, on one line and without the place, which the sentence names already."""
    return " ".join(str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).split())


def _place(node: yaml.Node, name: str) -> str:
    return f"{name}, line {node.start_mark.line + 1}"
