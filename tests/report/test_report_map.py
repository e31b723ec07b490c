"""The map as text, data, Mermaid and picture. SERVEAUDIT_UPDATE=1 writes the expected maps of the fixtures anew."""

import json
import os
import re
import shutil
import subprocess
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from serveaudit.audit import audit
from serveaudit.config import Config
from serveaudit.graph import Edge, Graph, Node, NodeKind
from serveaudit.report import graph_data, mermaid, svg, text, tree
from serveaudit.report.drawing import Drawing, draw
from serveaudit.report.folding import folded, joined
from serveaudit.report.frame import Page
from serveaudit.report.panels import BOLD, PAD, SIZES
from serveaudit.report.typeface import broken, width

ROOT = Path(__file__).parents[2]
MAPS = Path(__file__).parents[1] / "maps"
FIXTURES = ("beside-the-proxy", "slow-reports", "two-contexts", "websocket-behind-plain-nginx")
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = 'a"]; click x "javascript:alert(1)" <img src=x onerror=1> & `#quot; \\ \x1b[31m]]> --> %%{init}%% end\nsubgraph y'


@pytest.fixture(params=FIXTURES)
def fixture(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[Graph]]:
    monkeypatch.chdir(ROOT / "fixtures" / request.param)
    return request.param, audit(["."], Config()).map


def hostile() -> Graph:
    """A deployment in which every text comes from somebody who means ill, with long ones among them."""
    kinds: list[NodeKind] = ["internet", "outside", "machine", "site", "location", "server", "application", "target"]
    nodes = [Node(f"{kind}-1", kind, HOSTILE, (HOSTILE, "x" * 900), certain=kind != "target") for kind in kinds]
    inside = ("site", "location", "server", "application")
    nodes = [Node(n.id, n.kind, n.label, n.facts, None, n.certain, "machine-1" if n.kind in inside else "") for n in nodes]
    ways = "internet>outside>site>location>server>application, internet>server, location>target"
    ends = [pair for way in ways.split(", ") for pair in pairwise(way.split(">"))]
    return Graph(HOSTILE, "production", tuple(nodes), tuple(Edge(f"{a}-1", f"{b}-1", HOSTILE) for a, b in ends))


def many(count: int) -> Graph:
    """One nginx with many locations, which pass to two servers in turn."""
    nodes = [Node("machine-1", "machine", "the host"), Node("site-1", "site", "a.org", within="machine-1")]
    edges = []
    for number in range(count):
        nodes.append(Node(f"location-{number}", "location", f"location /{number}/", (f"waits {number} s",), within="machine-1"))
        edges.append(Edge("site-1", f"location-{number}", ""))
        edges.append(Edge(f"location-{number}", f"server-{number % 2}", f"127.0.0.1:800{number % 2}"))
    nodes += [Node(f"server-{number}", "server", "gunicorn", (f"port {number}",), within="machine-1") for number in (0, 1)]
    return Graph("host", "production", tuple(nodes), tuple(edges))


def expect(name: str, told: str) -> None:
    path = MAPS / name
    if os.environ.get("SERVEAUDIT_UPDATE"):
        path.write_text(told, "utf-8")
    assert told == path.read_text("utf-8")


def shape(document: str) -> str:
    """What a picture shows, without its measures: its texts, boxes and lines in order."""
    found = []
    for element in ElementTree.fromstring(document).iter():
        kind, style = element.tag.removeprefix(SVG), element.get("class", "")
        if kind in ("text", "title", "desc"):
            found.append(f"{kind} {style}: {''.join(element.itertext())}")
        elif style and kind in ("rect", "path", "line", "g") and style not in ("page", "mark", "arrow"):
            found.append(f"{kind} {style}")
    return "\n".join(found) + "\n"


def test_a_fixture_is_drawn_as_expected(fixture: tuple[str, list[Graph]]) -> None:
    name, graphs = fixture
    expect(f"{name}.txt", text.plain(tree.render(graphs, Page(80))))
    expect(f"{name}.json", graph_data.render(graphs))
    expect(f"{name}.mmd", mermaid.render(graphs))
    expect(f"{name}.svg.txt", shape(svg.render(graphs)))


def test_the_picture_of_the_readme_is_up_to_date() -> None:
    drawn = (ROOT / "docs" / "map.svg").read_text("utf-8")
    assert shape(drawn) == (MAPS / "beside-the-proxy.svg.txt").read_text("utf-8"), "python tools/screenshot.py"


def test_the_tree_fits_into_eighty_columns(fixture: tuple[str, list[Graph]]) -> None:
    assert max(map(len, text.plain(tree.render(fixture[1], Page())).splitlines())) <= 80


def test_a_long_name_of_a_context_is_wrapped_in_the_tree_and_cut_in_the_picture() -> None:
    graph = Graph("deploy/manifest.yaml + " * 20, "production", (Node("server-1", "server", "gunicorn"),))
    assert max(map(len, text.plain(tree.render([graph], Page())).splitlines())) <= 80
    root = ElementTree.fromstring(svg.render([graph]))
    (name,) = [element.text or "" for element in root.iter(f"{SVG}text") if element.get("class") == "name"]
    assert name.endswith("…") and width(name, 17, bold=True) < float(root.get("width", "")) - 100


def test_nothing_to_draw_is_said_in_every_format() -> None:
    assert text.plain(tree.render([], Page())) == "Nothing was found that serves or proxies.\n"
    assert json.loads(graph_data.render([])) == {"version": 1, "contexts": []}
    assert "Nothing was found" in ElementTree.fromstring(svg.render([])).findtext(f"{SVG}desc", "")


SCHEMA = {
    "node": {"id": str, "kind": str, "label": str, "facts": list, "conditions": list, "needs": list,
             "within": (str, type(None)), "path": (str, type(None)), "line": (int, type(None)), "certain": bool},
    "edge": {"from": str, "to": str, "reason": str, "places": list, "certain": bool},
    "need": {"what": str, "path": str, "line": int, "served": (bool, type(None)), "told": str},
}  # fmt: skip


def test_the_data_keep_to_their_schema(fixture: tuple[str, list[Graph]]) -> None:
    document = json.loads(graph_data.render(fixture[1]))
    assert list(document) == ["version", "contexts"]
    for context in document["contexts"]:
        assert list(context) == ["name", "kind", "nodes", "edges"]
        needs = [need for node in context["nodes"] for need in node["needs"]]
        for name, members in (("node", context["nodes"]), ("edge", context["edges"]), ("need", needs)):
            for member in members:
                assert list(member) == list(SCHEMA[name])
                assert all(isinstance(member[key], kind) for key, kind in SCHEMA[name].items()), member
        ids = [node["id"] for node in context["nodes"]]
        assert len(ids) == len(set(ids))
        assert {edge[end] for edge in context["edges"] for end in ("from", "to")} <= set(ids)
        assert {node["within"] for node in context["nodes"]} <= {None, *ids}
        for place in (place for edge in context["edges"] for place in edge["places"]):
            assert place["line"] >= 1 and (Path.cwd() / place["path"]).exists()


def test_secrets_are_in_no_format() -> None:
    graph = Graph("host", "production", (Node("target-1", "target", "http://me:hunter2@api.example.com"),))
    drawn = [text.plain(tree.render([graph], Page())), *(f.render([graph]) for f in (graph_data, mermaid, svg))]
    assert [document for document in drawn if "hunter2" in document or "api.example.com" not in document] == []


def test_locations_that_do_the_same_are_drawn_as_one() -> None:
    node = [Node(f"location-{n}", "location", f"location /{n}/", ("files below /srv",)) for n in range(6)]
    graph = Graph("host", "production", (Node("site-1", "site", "a"), *node), tuple(Edge("site-1", n.id, "") for n in node))
    assert [n.label for n in folded(graph).nodes] == ["a", "locations /0/, /1/, /2/ and 3 more"]
    assert [(edge.start, edge.end) for edge in folded(graph).edges] == [("site-1", "location-0")]


def test_an_if_is_drawn_by_itself() -> None:
    node = [Node(f"location-{n}", "location", f"if ($a = {n})") for n in range(2)]
    graph = Graph("host", "production", (Node("site-1", "site", "a"), *node), tuple(Edge("site-1", n.id, "") for n in node))
    assert len(folded(graph).nodes) == 3


def test_two_branches_that_start_the_same_are_drawn_as_one_without_condition() -> None:
    servers = [Node(f"server-{n}", "server", "gunicorn", conditions=(f"$MODE = {n}",)) for n in range(2)]
    (only,) = folded(Graph("host", "production", tuple(servers))).nodes
    assert only.conditions == ()


def test_machines_are_drawn_as_one_only_if_all_inside_is_alike() -> None:
    def machine(number: int, label: str, fact: str) -> list[Node]:
        name = f"machine-{number}"
        return [Node(name, "machine", label), Node(f"server-{number}", "server", "flask", (fact,), within=name)]

    nodes = [*machine(1, "container a", "x"), *machine(2, "container b", "x"), *machine(3, "container c", "y")]
    found = folded(Graph("compose.yaml", "development", tuple(nodes))).nodes
    assert [node.label for node in found] == ["containers a, b", "flask", "container c", "flask"]


def test_few_names_are_listed_and_many_counted() -> None:
    assert joined(["a", "b", "c", "d"]) == "a, b, c, d"
    assert joined(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_nothing_of_a_configuration_becomes_mermaid() -> None:
    lines = mermaid.render([hostile()]).splitlines()
    texts = [found for line in lines for found in re.findall(r'"([^"]*)"', line)]
    assert len(texts) > 12
    inside = [re.sub(r"</?b>|<br/>", "", found) for found in texts]
    assert [found for found in inside if not re.fullmatch(r"(?:[\w .,/:=+…-]|#\d+;)*( \(production\))?", found)] == []
    rest = [re.sub(r'"[^"]*"', '""', line).strip() for line in lines]
    assert [line for line in rest if "click" in line or "init" in line or line.count('"') not in (0, 2)] == []


def test_mermaid_itself_reads_it(fixture: tuple[str, list[Graph]]) -> None:
    for graphs in (fixture[1], [hostile()], [many(40)]):
        found = parsed(mermaid.render(graphs))
        assert found.returncode == 0 and '"diagramType":"flowchart' in found.stdout, found.stderr


def parsed(document: str) -> "subprocess.CompletedProcess[str]":
    """What Mermaid says of a document; skips where node or its packages are not there."""
    modules = Path(os.environ.get("SERVEAUDIT_NODE_MODULES", ROOT / "node_modules"))
    if not shutil.which("node") or not all((modules / name).exists() for name in ("mermaid", "jsdom")):
        pytest.skip("needs node, and `npm install mermaid jsdom` in $SERVEAUDIT_NODE_MODULES or beside pyproject.toml")
    script = f"""
        const {{ JSDOM }} = (await import("{modules}/jsdom/lib/api.js")).default;
        globalThis.window = new JSDOM("").window;
        globalThis.document = window.document;
        const mermaid = (await import("{modules}/mermaid/dist/mermaid.core.mjs")).default;
        let text = "";
        for await (const part of process.stdin) text += part;
        console.log(JSON.stringify(await mermaid.parse(text)));
    """
    command = ["node", "--input-type=module", "-e", script]
    return subprocess.run(command, input=document, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("graph", [hostile(), many(40)], ids=["hostile", "many"])
def test_a_picture_is_well_formed_whatever_is_drawn(graph: Graph) -> None:
    root = ElementTree.fromstring(svg.render([graph]))
    allowed = {"svg", "title", "desc", "style", "marker", "path", "rect", "g", "text", "tspan", "line"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    assert root.get("role") == "img" and root.findtext(f"{SVG}title") and root.findtext(f"{SVG}desc")
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]


def drawings(graphs: list[Graph]) -> list[Drawing]:
    return [draw(folded(graph)) for graph in graphs]


def test_nothing_in_a_picture_overlaps_and_every_text_fits(fixture: tuple[str, list[Graph]]) -> None:
    for drawing in drawings([*fixture[1], hostile(), many(40)]):
        for one, other in combinations(drawing.panels, 2):
            assert not overlap(one, other), (one.node.label, other.node.label)
        for one, other in combinations(drawing.boxes, 2):
            assert not overlap(one, other), (one.title, other.title)
        for panel in drawing.panels:
            assert panel.x >= 0 and panel.y >= 0 and panel.bottom <= drawing.height + 0.1
            for label, style in (row for section in panel.sections for row in section.rows):
                assert width(label, SIZES[style], style in BOLD) <= panel.width - 2 * PAD + 0.1
        for port in drawing.ports:
            assert port.y <= port.panel.height


def overlap(one: object, other: object) -> bool:
    (a, b, c, d), (e, f, g, h) = ((s.x, s.y, s.width, s.height) for s in (one, other))  # type: ignore[attr-defined]
    return bool(a < e + g and e < a + c and b < f + h and f < b + d)


def test_of_very_many_locations_the_last_ones_are_counted() -> None:
    (panel,) = [panel for panel in draw(many(40)).panels if panel.node.kind == "site"]
    assert len(panel.sections) == 15
    assert panel.sections[-1].node.label == "27 more locations"


def test_a_text_breaks_at_spaces_then_after_signs_and_is_cut_in_the_end() -> None:
    assert broken("one two", 10, width("one", 10) + 1) == ["one", "two"]
    assert broken("/etc/nginx/sites", 10, width("/etc/nginx/", 10) + 1) == ["/etc/nginx/", "sites"]
    lines = broken("x" * 100, 10, width("x" * 9, 10) + 1, most=2)
    assert lines[0] == "x" * 9 and lines[1].endswith("x…") and len(lines) == 2
    assert broken("", 10, 50) == []
