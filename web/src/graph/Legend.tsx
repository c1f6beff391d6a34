/** What shapes and colours of the graph mean. */
import { StatusIcon } from "../app/ui";

export function Legend() {
  return (
    <ul className="legend" aria-label="Legend">
      <li>
        <i className="legend-task" aria-hidden="true" /> task
      </li>
      <li>
        <i className="legend-step" aria-hidden="true" /> step
      </li>
      <li>
        <i className="legend-data" aria-hidden="true" /> artifact
      </li>
      <li>
        <i className="legend-group" aria-hidden="true" /> several
      </li>
      <li className="tone-bad">
        <StatusIcon status="failed" /> failed
      </li>
      <li className="tone-busy">
        <StatusIcon status="stale" /> stale
      </li>
    </ul>
  );
}
