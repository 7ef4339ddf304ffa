"""`barograph import` of Spark's SQL plans: nodes, edges, measures are those of its JSON."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from calling import Run
from framework_logs import LOGS, MS, lines_of
from test_import_logs import Recorded, imported, write

SQL = ["spark35_cluster.gz", "spark35_killed.gz", "spark35_streaming.gz", "spark40_python.gz"]
SEAMS: tuple[str, ...] = (
    "InputAdapter",
    "AdaptiveSparkPlan",
    "ShuffleQueryStage",
    "BroadcastQueryStage",
)
SEAMS += ("ResultQueryStage", "TableCacheQueryStage")
SUFFIX = {"sum": "", "size": "_bytes", "timing": "_ns", "nsTiming": "_ns"}
Json = dict[str, Any]


def ignore(event: Json) -> None:
    pass


def short(event: Json) -> str:
    return str(event["Event"]).rpartition(".")[2].removeprefix("SparkListener")


class Log:
    """What a log says of its queries, by Python's own means."""

    def __init__(self, path: Path) -> None:
        self.plans: dict[int, Json] = {}
        self.updates: defaultdict[int, int] = defaultdict(int)
        self.values: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self.stages: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
        self.query_of: dict[int, int] = {}
        handlers: dict[str, Callable[[Json], None]] = {
            "SQLExecutionStart": self.start,
            "SQLAdaptiveExecutionUpdate": self.plan_anew,
            "DriverAccumUpdates": self.driver_values,
            "StageSubmitted": self.begin_stage,
            "TaskEnd": self.end_task,
            "StageCompleted": self.end_stage,
        }
        for line in lines_of(path):
            event = json.loads(line)
            handlers.get(short(event), ignore)(event)

    def start(self, event: Json) -> None:
        self.plans[event["executionId"]] = event["sparkPlanInfo"]

    def plan_anew(self, event: Json) -> None:
        self.plans[event["executionId"]] = event["sparkPlanInfo"]
        self.updates[event["executionId"]] += 1

    def driver_values(self, event: Json) -> None:
        for accumulator, value in event["accumUpdates"]:
            self.values[event["executionId"], accumulator].append(value)

    def begin_stage(self, event: Json) -> None:
        query = event["Properties"].get("spark.sql.execution.id")
        if query is not None:
            self.query_of[event["Stage Info"]["Stage ID"]] = int(query)

    def end_task(self, event: Json) -> None:
        stage = event["Stage ID"]
        if event["Task End Reason"]["Reason"] != "Success" or stage not in self.query_of:
            return
        for told in event["Task Info"]["Accumulables"]:
            if isinstance(told.get("Update"), str):
                key = (self.query_of[stage], told["ID"])
                self.values[key].append(int(told["Update"]))
                self.stages[key].add(stage)

    def end_stage(self, event: Json) -> None:
        stage = event["Stage Info"]["Stage ID"]
        for told in event["Stage Info"]["Accumulables"]:
            if stage in self.query_of:
                self.stages[self.query_of[stage], told["ID"]].add(stage)

    def facts(self, query: int, node: Json) -> dict[str, str]:
        facts: dict[str, str] = {}
        stages: set[int] = set()
        for metric in node["metrics"]:
            values = self.values[query, metric["accumulatorId"]]
            stages |= self.stages[query, metric["accumulatorId"]]
            key = re.sub(r"\W+", "_", metric["name"].removeprefix("number of ").lower())
            if values and metric["metricType"] == "average":
                facts[f"{key}_mean"] = f"{sum(values) / len(values) / 10:.6g}"
                facts[f"{key}_max"] = f"{max(values) / 10:.6g}"
            elif values:
                unit = MS if metric["metricType"] == "timing" else 1
                facts[key + SUFFIX[metric["metricType"]]] = str(sum(values) * unit)
                if len(values) > 1:
                    facts[f"{key}_max{SUFFIX[metric['metricType']]}"] = str(max(values) * unit)
        if stages:
            facts["stages"] = ",".join(map(str, sorted(stages)))
        return facts


def walk(node: Json, around: list[Json]) -> Iterator[tuple[Json, list[Json]]]:
    yield node, around
    for child in node["children"]:
        yield from walk(child, [*around, node])


def nodes_of(log: Log, query: int) -> tuple[list[Any], set[Any]]:
    """Rows (name, name of the code that it is in, measures), and edges between their indices."""
    rows: list[Any] = []
    edges = set()
    index: dict[Any, int] = {}  # by the node's accumulators, or itself
    again: set[int] = set()
    by_id: dict[int, int] = {}
    for node, around in walk(log.plans[query], []):
        if node["nodeName"].startswith(SEAMS) or any(id(one) in again for one in around):
            continue
        key = frozenset(m["accumulatorId"] for m in node["metrics"]) or id(node)
        if key in index:
            again.add(id(node))
        else:
            index[key] = len(rows)
            group = ""
            for one in reversed(around):
                if one["nodeName"].startswith(SEAMS) or group:
                    break
                group = one["nodeName"] if one["nodeName"].startswith("WholeStage") else ""
            if node["nodeName"].startswith("WholeStage"):
                group = ""
            rows.append((node["nodeName"].strip(), group, log.facts(query, node)))
        by_id[id(node)] = index[key]
        others = [o for o in around if not o["nodeName"].startswith((*SEAMS, "WholeStage"))]
        if others and not node["nodeName"].startswith("WholeStage"):
            edges.add((index[key], by_id[id(others[-1])]))
    return rows, edges


def found_nodes(recorded: Recorded, query: int) -> tuple[list[Any], set[Any]]:
    rows = recorded.by_kind["operator"]
    text = recorded.strings
    parent = [row[4] for row in rows]

    def is_node(i: int) -> bool:
        return bool(text[rows[i][1]] == "spark.node")  # else a query that is a part of this one

    mine = [
        i
        for i in range(len(rows))
        if is_node(i)
        and (parent[i] == query or (parent[parent[i]] == query and is_node(parent[i])))
    ]
    found = []
    for i in mine:
        facts = recorded.facts(i)
        own = {k: v for k, v in facts.items() if k != "description" and "." not in k}
        found.append(
            (text[rows[i][2]], text[rows[parent[i]][2]] if parent[i] != query else "", own)
        )
    edges = {
        (mine.index(a), mine.index(b))
        for a, b, _ in recorded.by_kind.get("operator_edge", [])
        if a in mine
    }
    return found, edges


@pytest.mark.parametrize("name", SQL)
def test_nodes_and_measures_are_those_of_the_log(run: Run, tmp_path: Path, name: str) -> None:
    recorded = imported(run, LOGS / name, tmp_path)
    log = Log(LOGS / name)
    queries = {
        int(recorded.facts(i)["sql_execution"]): i
        for i, (kind, _, _) in enumerate(recorded.operators())
        if kind == "spark.sql"
    }
    assert set(queries) == set(log.plans)
    links = 0
    for query, operator in queries.items():
        rows, edges = nodes_of(log, query)
        found, found_edges = found_nodes(recorded, operator)
        assert found == rows
        assert found_edges == edges
        links += len(edges)
        facts = recorded.facts(operator)
        assert facts.get("replanned", "0") == str(log.updates[query])
        root = log.plans[query]["simpleString"]
        final = str(int("=true" in root)) if "isFinalPlan" in root else None
        assert facts.get("final_plan") == final
    assert links > 5
    assert sum(map(len, log.values.values())) > 50


def test_jobs_and_stages_are_parts_of_queries(run: Run, tmp_path: Path) -> None:
    for name in SQL:
        recorded = imported(run, LOGS / name, tmp_path)
        query_of = Log(LOGS / name).query_of
        rows = recorded.by_kind["operator"]
        seen = 0
        for i, (kind, _, _) in enumerate(recorded.operators()):
            facts = recorded.facts(i)
            if kind == "spark.stage" and int(facts["stage_id"]) in query_of:
                assert facts["sql_execution"] == str(query_of[int(facts["stage_id"])])
                query = rows[rows[i][4]][4]
                assert recorded.operators()[query][0] == "spark.sql"
                assert recorded.facts(query)["sql_execution"] == facts["sql_execution"]
                seen += 1
            elif kind == "spark.stage":
                assert "sql_execution" not in facts
        assert seen > 1


def test_python_workers_are_measured(run: Run, tmp_path: Path) -> None:
    recorded = imported(run, LOGS / "spark40_python.gz", tmp_path)
    names = [name for _, name, _ in recorded.operators()]
    nodes = [recorded.facts(i) for i, name in enumerate(names) if name.endswith("EvalPython")]
    assert len(nodes) == 2
    amounts = recorded.amounts()
    for way in ("sent_to", "returned_from"):
        total = sum(int(node[f"data_{way}_python_workers_bytes"]) for node in nodes)
        assert amounts[f"python_{way.partition('_')[0]}_bytes"] == total > 0


def test_polled_peaks_are_kept(run: Run, tmp_path: Path) -> None:
    log = LOGS / "spark35_polled.gz"
    recorded = imported(run, log, tmp_path)
    events = [json.loads(line) for line in lines_of(log)]
    peaks = {
        str(event["Stage ID"]): event["Executor Metrics"]
        for event in events
        if short(event) == "StageExecutorMetrics"
    }
    stages = [recorded.facts(i) for i, row in enumerate(recorded.operators()) if "stage" in row[0]]
    resident = {s["stage_id"]: int(s.get("peak_python_resident_bytes", 0)) for s in stages}
    assert resident == {i: peak["ProcessTreePythonRSSMemory"] for i, peak in peaks.items()}
    assert max(resident.values()) > 0
    of_tasks = sum(
        event["Task Executor Metrics"]["ProcessTreePythonRSSMemory"]
        for event in events
        if short(event) == "TaskEnd"
    )
    assert recorded.amounts()["python_resident_peak_bytes"] == of_tasks > 0
    application = recorded.facts(0)
    assert application["spark.master"] == "local[2]"
    assert application["resource_profile.0.task_cpus"] == "1"


def test_where_events_of_tasks_were_dropped_stages_tell(run: Run, tmp_path: Path) -> None:
    lines = lines_of(LOGS / "spark40_python.gz")
    whole = imported(run, LOGS / "spark40_python.gz", tmp_path)
    ends = [line for line in lines if b"TaskEnd" in line[:40]]
    kept = ends[::2]
    few = [line for line in lines if line not in ends or line in kept]
    cut = imported(run, write(tmp_path / "few", few), tmp_path)
    for key in ("output_rows", "duration_ns", "shuffle_bytes_written_bytes"):
        both = [
            [int(r.facts(i).get(key, 0)) for i in range(len(r.operators()))] for r in (whole, cut)
        ]
        assert both[0] == both[1]
        assert sum(both[0]) > 0


def deep(levels: int) -> str:
    node = '{"nodeName":"N","simpleString":"N","metadata":{},"metrics":[],"children":['
    return node * levels + "]}" * levels


def test_hostile_plans_are_bounded(run: Run, tmp_path: Path) -> None:
    lines = lines_of(LOGS / "spark35_flaky.gz")
    start = '{"Event":"org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart",'
    head = start + '"executionId":%d,"description":"x at a.py:1","time":1795264806000,'
    leaf = '{"nodeName":"L","simpleString":"L","children":[],"metadata":{},"metrics":[%s]}'
    metric = '{"name":"number of output rows","accumulatorId":7,"metricType":"sum"}'
    wide = '{"nodeName":"U","children":[' + ",".join([leaf % metric] * 70_000) + "]}"
    plans = [deep(900), deep(1020), wide, '{"nodeName":7,"children":{},"metrics":[7]}', "[[]]"]
    plans += ['{"children":[{"children":[7,{"metrics":[' + ",".join([metric] * 2000) + "]}]}]}"]
    hostile = [(head % i + f'"sparkPlanInfo":{plan}}}\n').encode() for i, plan in enumerate(plans)]
    hostile += [(head % 99 + f'"sparkPlanInfo":{deep(5000)}}}\n').encode()]
    again = [line.replace(b'"x at', b'"y at') for line in hostile]
    values = b'{"Event":"org.apache.spark.sql.execution.ui.SparkListenerDriverAccumUpdates",'
    values += (
        b'"executionId":2,"accumUpdates":[[7,-5],[7,3],[8,1],[7],7,[],[9223372036854775807,1]]}\n'
    )
    recorded = imported(run, write(tmp_path / "log", [*lines, *hostile, *again, values]), tmp_path)
    assert any("plans or parts of plans" in note for note in recorded.notes)
    assert any("events came twice" in note for note in recorded.notes)
    assert any("fewer brackets" in note for note in recorded.notes)
    names = [name for kind, name, _ in recorded.operators() if kind == "spark.node"]
    assert names.count("N") == 900 + 1000
    assert names.count("L") == 1  # all are the same one, by their accumulator
    rows = [recorded.facts(i).get("output_rows") for i in range(len(recorded.operators()))]
    assert rows.count("3") == 1
