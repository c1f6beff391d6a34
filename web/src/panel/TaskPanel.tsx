/** Everything known about a task. */
import { useMemo } from "react";
import type { Edge, GraphNode, NodeMap, Step, TaskDetail } from "../api/types";
import { Copied, NodeLine, Status } from "../app/ui";
import { duration, moment, plural, valueWord } from "../model/format";
import { RunEvents } from "./Events";
import { Links, Values } from "./Tables";
import { EdgeList, Facts, Meta, Raw, Section, When } from "./parts";

function lasted(start: number | null | undefined, end: number | null | undefined): string | null {
  return start != null && end != null ? duration(end - start) : null;
}

/** The parameters of a step. */
function Params({ params }: { params: Step["params"] }) {
  const given = Object.entries(params ?? {});
  if (given.length === 0) return null;
  return (
    <code className="step-params" dir="auto">
      {given.map(([name, value]) => `${name}=${valueWord(value)}`).join(" ")}
    </code>
  );
}

function Steps({ steps }: { steps: readonly Step[] }) {
  const children = new Map<string | null, Step[]>();
  const known = new Set(steps.map((step) => step.key));
  for (const step of steps) {
    const parent = step.parent && known.has(step.parent) ? step.parent : null;
    (children.get(parent) ?? children.set(parent, []).get(parent))?.push(step);
  }
  const branch = (parent: string | null) => {
    const own = children.get(parent);
    if (!own) return null;
    return (
      <ol className="steps">
        {own.map((step) => (
          <li key={step.key}>
            <span className={`step ${step.outcome === "error" ? "tone-bad" : ""}`}>
              <b dir="auto">{step.name}</b>
              <small title={moment(step.started_at)}>
                {step.outcome === "error" ? "failed" : ""} {lasted(step.started_at, step.ended_at)}
              </small>
            </span>
            <Params params={step.params} />
            {step.error && <code className="step-error">{step.error}</code>}
            {branch(step.key)}
          </li>
        ))}
      </ol>
    );
  };
  return branch(null);
}

function ErrorBox({ task }: { task: TaskDetail }) {
  if (!task.error && !task.traceback) return null;
  return (
    <section className="error-box" aria-label="Error">
      <p>
        <strong>{task.error ?? "It failed"}</strong>
      </p>
      {task.traceback && (
        <pre className="raw" tabIndex={0}>
          {task.traceback}
        </pre>
      )}
    </section>
  );
}

function Log({ log }: { log: TaskDetail["log"] }) {
  if (log.length === 0) return null;
  return (
    <Section title="Log" count={log.length}>
      <ol className="log" tabIndex={0} aria-label="Last lines of the log">
        {log.map((line, index) => (
          <li key={`${line.at} ${index}`} className={`log-${line.level.toLowerCase()}`}>
            <time title={moment(line.at)}>{new Date(line.at * 1000).toLocaleTimeString("en", { hour12: false })}</time>
            <b>{line.level}</b>
            <span dir="auto">{line.message}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function code(task: TaskDetail) {
  if (!task.git_commit) return null;
  return (
    <>
      <Copied text={task.git_commit} label={task.git_commit.slice(0, 10)} />
      {task.git_dirty && <span className="badge">with uncommitted changes</span>}
    </>
  );
}

export function TaskPanel({ task, nodes: drawn }: { task: TaskDetail; nodes: NodeMap }) {
  const nodes = useMemo(() => new Map([...task.edges.map(({ data }): [string, GraphNode] => [data.key, data]), ...drawn]), [task, drawn]);
  const steps = useMemo(() => new Map(task.steps.map((step) => [step.key, step.name])), [task]);
  const { node } = task;
  const side = (direction: Edge["direction"]) => task.edges.filter((edge) => edge.direction === direction);
  const inputs = side("input");
  const outputs = side("output");
  const unique = (edges: readonly Edge[]) => new Set(edges.map((edge) => edge.data.key)).size;
  return (
    <>
      <ErrorBox task={task} />
      <Facts
        facts={[
          ["Task", <Copied key="id" text={node.key} />],
          ["Status", <Status key="status" status={node.status} />],
          ["Started", <When key="start" at={node.started_at} />],
          ["Took", lasted(node.started_at, node.ended_at)],
          ["User", task.user],
          ["Machine", task.host],
          ["Process", task.pid],
          ["Python", task.python],
          ["Code", code(task)],
          ["Command", task.command && <code className="wrap">{task.command}</code>],
          ["Started by", task.started_by && <NodeLine key="parent" node={task.started_by} />],
          ["Workspace", node.workspace_id],
        ]}
      />
      <Links links={task.links} />
      {(task.children ?? []).length > 0 && (
        <Section title="Started tasks" count={(task.children ?? []).length}>
          <ul className="plain lines">
            {(task.children ?? []).slice(0, 200).map((child) => (
              <li key={child.key}>
                <NodeLine node={child} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Values title="Parameters" values={task.params} />
      <Values title="Metrics" values={task.metrics} />
      <Section title="Inputs" count={unique(inputs)}>
        {inputs.length === 0 && <p className="quiet">It recorded no input.</p>}
        <EdgeList edges={inputs} nodes={nodes} drawn={drawn} steps={steps} pick={(edge) => edge.data} />
      </Section>
      <Section title="Outputs" count={unique(outputs)}>
        {outputs.length === 0 && <p className="quiet">It recorded no output.</p>}
        <EdgeList edges={outputs} nodes={nodes} drawn={drawn} steps={steps} pick={(edge) => edge.data} />
      </Section>
      {task.edges_total > task.edges.length && (
        <p className="quiet">These are {task.edges.length} of {plural(task.edges_total, "edge")}.</p>
      )}
      {task.steps.length > 0 && (
        <Section title="Steps" count={task.steps.length}>
          <Steps steps={task.steps} />
        </Section>
      )}
      <Values title="Ran in" values={task.environment} isFolded />
      <Log log={task.log} />
      <Meta meta={task.meta} />
      {task.run?.startsWith("ol:") && <RunEvents run={task.run} />}
      <Raw value={task} />
    </>
  );
}
