/** The frame of a query page: title, lead, actions, answer. */
import type { ReactNode } from "react";
import "../styles/questions.css";

export function QueryPage(props: { title: string; lead?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <main className="question" id="main">
      <header className="question-head">
        <div>
          <h1>{props.title}</h1>
          {props.lead && <div className="lead">{props.lead}</div>}
        </div>
        {props.actions && <div className="row">{props.actions}</div>}
      </header>
      {props.children}
    </main>
  );
}
