/** The server's types, generated from its OpenAPI description. */
import type { components, paths } from "../generated/schema";

type Schemas = components["schemas"];

export type GraphNode = Schemas["Node"];
export type GraphEdge = Schemas["GraphEdge"];
export type GraphAnswer = Schemas["GraphAnswer"];
export type OverviewAnswer = Schemas["OverviewAnswer"];
export type OverviewItem = Schemas["OverviewItem"];
export type MembersAnswer = Schemas["MembersAnswer"];
export type TaskSummary = Schemas["TaskSummary"];
export type TasksPage = Schemas["TasksPage"];
export type ArtifactSummary = Schemas["ArtifactSummary"];
export type ArtifactsPage = Schemas["ArtifactsPage"];
export type TaskDetail = Schemas["TaskDetail"];
export type DataDetail = Schemas["DataDetail"];
export type FolderFile = Schemas["FolderFile"];
export type FolderFilesAnswer = Schemas["FolderFiles"];
export type TableRows = Schemas["TableRows"];
export type Edge = Schemas["Edge"];
export type Step = Schemas["Step"];
export type SearchAnswer = Schemas["SearchAnswer"];
export type SearchHit = Schemas["SearchHit"];
export type ImpactAnswer = Schemas["ImpactAnswer"];
export type ProvenanceAnswer = Schemas["ProvenanceAnswer"];
export type DiffAnswer = Schemas["DiffAnswer"];
export type DiffItem = Schemas["DiffItem"];
export type WhyAnswer = Schemas["WhyAnswer"];
export type StaleAnswer = Schemas["StaleAnswer"];
export type HealthAnswer = Schemas["HealthAnswer"];
export type ChangesAnswer = Schemas["ChangesAnswer"];

/** Its description says only that it is an object. */
export interface DeliveryAnswer {
  waiting: number;
  refused: number;
  oldest_s?: number | null;
  dropped?: number;
}

/** The endpoints that the page asks, by their names without `lineage.`. */
export type Endpoint =
  | "graph.get"
  | "graph.path"
  | "graph.overview"
  | "graph.members"
  | "graph.impact"
  | "graph.provenance"
  | "graph.diff"
  | "graph.stale"
  | "graph.why"
  | "tasks.list"
  | "artifacts.list"
  | "tasks.get"
  | "data.get"
  | "data.files"
  | "data.rows"
  | "search"
  | "health"
  | "changes"
  | "delivery.status"
  | "openlineage.run"
  | "openlineage.dataset";

type Call<E extends Endpoint> = paths[`/lineage.${E}`]["post"];

/** What an endpoint is asked with; what has a default may be left out. */
export type Fields<E extends Endpoint> = Partial<
  Call<E>["requestBody"]["content"]["application/json"]
>;

/** What an endpoint answers. */
export type AnswerOf<E extends Endpoint> = E extends "delivery.status"
  ? DeliveryAnswer
  : Call<E>["responses"][200]["content"]["application/json"];

/** What a document is asked for with; the answer is a file. */
export type ExportFields = Partial<
  paths["/lineage.graph.export"]["post"]["requestBody"]["content"]["application/json"]
>;

export type NodeMap = ReadonlyMap<string, GraphNode>;
