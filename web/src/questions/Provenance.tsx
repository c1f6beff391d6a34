/** Where one output came from. */
import type { ProvenanceAnswer, TaskDetail } from "../api/types";
import { useAnswer } from "../api/useAnswer";
import { Empty, Failure, Loading, NodeLine, Status } from "../app/ui";
import type { PageState } from "../app/url";
import { focusOn } from "../app/useUrl";
import { saveText } from "../export/save";
import { ago, moment, plural } from "../model/format";
import { QueryPage } from "./QueryPage";

function TaskStory({ task }: { task: TaskDetail }) {
  const seen = new Set<string>();
  const inputs = task.edges.filter((edge) => {
    const isNew = edge.direction === "input" && !seen.has(edge.data.key);
    seen.add(edge.data.key);
    return isNew;
  });
  const { node } = task;
  const parts = [
    task.user && `by ${task.user}`,
    task.host && `on ${task.host}`,
    task.git_commit && `code ${task.git_commit.slice(0, 10)}${task.git_dirty ? " with uncommitted changes" : ""}`,
  ];
  return (
    <li className="story">
      <div className="story-head">
        <NodeLine node={node} />
        <Status status={node.status} />
        {node.started_at != null && <time title={moment(node.started_at)}>{ago(node.started_at)}</time>}
      </div>
      <p className="quiet">{parts.filter(Boolean).join(", ")}</p>
      {inputs.length > 0 && (
        <div className="story-inputs">
          <span className="quiet">used</span>
          <ul className="plain">
            {inputs.map((edge) => (
              <li key={edge.data.key}>
                <NodeLine node={edge.data} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </li>
  );
}

function Story({ answer }: { answer: ProvenanceAnswer }) {
  if (answer.tasks.length === 0) {
    return (
      <Empty title="No recorded task produced it">
        <p>The recorded lineage begins here.</p>
      </Empty>
    );
  }
  return (
    <>
      <h2>{plural(answer.tasks.length, "task")} upstream, nearest first</h2>
      <ol className="stories">
        {answer.tasks.map((task) => (
          <TaskStory key={task.node.key} task={task} />
        ))}
      </ol>
      <h2>{plural(answer.inputs.length, "origin")}</h2>
      <p className="quiet">Artifacts upstream that no recorded task produced.</p>
      <ul className="plain origins">
        {answer.inputs.map((node) => (
          <li key={node.key}>
            <NodeLine node={node} />
          </li>
        ))}
      </ul>
    </>
  );
}

export default function Provenance({ state }: { state: PageState }) {
  const asOf = state.at === null ? {} : { as_of: state.at };
  const { data, error } = useAnswer("graph.provenance", state.focus ? { of: state.focus, ...asOf } : null);
  return (
    <QueryPage
      title="Where did it come from?"
      lead={data && <div className="lead-nodes"><NodeLine node={data.node} /></div>}
      actions={
        <>
          <button type="button" className="button" onClick={() => focusOn(state.focus, { up: null, down: 0, at: state.at })}>
            Show as a graph
          </button>
          {data && (
            <button type="button" className="button" onClick={() => saveText("provenance.json", JSON.stringify(data, null, 2), "application/json")}>
              Save as JSON
            </button>
          )}
        </>
      }
    >
      {error && <Failure error={error} what="The answer could not be read." />}
      {!data && !error && <Loading />}
      {data && <Story answer={data} />}
    </QueryPage>
  );
}
