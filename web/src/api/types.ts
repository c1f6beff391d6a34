/** The words of the server, by the names of its OpenAPI description. */
import type { components } from "../generated/schema";

type Schemas = components["schemas"];

export type GraphNode = Schemas["Node"];
export type Arrow = Schemas["Arrow"];
export type GraphAnswer = Schemas["GraphAnswer"];
export type TaskSummary = Schemas["TaskSummary"];
export type TasksPage = Schemas["TasksPage"];
export type TaskDetail = Schemas["TaskDetail"];
export type DataDetail = Schemas["DataDetail"];
export type Edge = Schemas["Edge"];
export type Step = Schemas["Step"];
export type SearchAnswer = Schemas["SearchAnswer"];
export type SearchHit = Schemas["SearchHit"];
export type ImpactAnswer = Schemas["ImpactAnswer"];
export type ProvenanceAnswer = Schemas["ProvenanceAnswer"];
export type DiffAnswer = Schemas["DiffAnswer"];
export type DiffItem = Schemas["DiffItem"];
export type StaleAnswer = Schemas["StaleAnswer"];
export type HealthAnswer = Schemas["HealthAnswer"];
export type ChangesAnswer = Schemas["ChangesAnswer"];

export interface DeliveryAnswer {
  waiting: number;
  refused: number;
  oldest_s?: number | null;
  dropped?: number;
}

/** What each endpoint answers. */
export interface Answers {
  "graph.get": GraphAnswer;
  "graph.upstream": GraphAnswer;
  "graph.downstream": GraphAnswer;
  "graph.path": GraphAnswer;
  "graph.impact": ImpactAnswer;
  "graph.provenance": ProvenanceAnswer;
  "graph.diff": DiffAnswer;
  "graph.stale": StaleAnswer;
  "tasks.list": TasksPage;
  "tasks.get": TaskDetail;
  "data.get": DataDetail;
  search: SearchAnswer;
  health: HealthAnswer;
  changes: ChangesAnswer;
  "delivery.status": DeliveryAnswer;
}

export type Endpoint = keyof Answers;
export type Fields = Record<string, unknown>;
export type NodeMap = ReadonlyMap<string, GraphNode>;
