"""YAML with places: `parse` a text into nodes."""

from serveaudit.formats.yaml.flattening import flat
from serveaudit.formats.yaml.layers import Layers
from serveaudit.formats.yaml.nodes import Mapping, Node, Scalar, Sequence, walk
from serveaudit.formats.yaml.reading import Yaml, parse

__all__ = ["Layers", "Mapping", "Node", "Scalar", "Sequence", "Yaml", "flat", "parse", "walk"]
