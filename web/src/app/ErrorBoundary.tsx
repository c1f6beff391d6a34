/** Keeps the page when a view fails, and recovers by itself. */
import { TriangleAlert } from "lucide-react";
import { Component, useEffect, type ReactNode } from "react";
import { pulse } from "../api/useAnswer";
import { availability, isMissingChunk, partOf, reloadOnce } from "./chunks";

const RETRY_MS = 2000;

interface State {
  error: Error | null;
}

export class ErrorBoundary extends Component<{ name: string; children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(before: { name: string }): void {
    if (before.name !== this.props.name && this.state.error) this.setState({ error: null });
  }

  private readonly retry = (): void => {
    if (isMissingChunk(this.state.error)) location.reload();
    else this.setState({ error: null });
  };

  override render(): ReactNode {
    const { error } = this.state;
    return error ? <Failed error={error} onRetry={this.retry} /> : this.props.children;
  }
}

function Failed({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const isChunk = isMissingChunk(error);
  useEffect(() => {
    if (!isChunk) return pulse.subscribe(onRetry);
    // The address holds the state of the page, so a reload loses nothing.
    const timer = setInterval(() => {
      void availability(partOf(error)).then((state) => {
        if (state !== "away") reloadOnce();
      });
    }, RETRY_MS);
    return () => clearInterval(timer);
  }, [isChunk, error, onRetry]);
  return (
    <main className="empty" id="main" role="alert">
      <h1>
        <TriangleAlert size={18} aria-hidden="true" /> {isChunk ? "The server does not answer" : "This view failed"}
      </h1>
      <p>
        {isChunk
          ? "Is `lineage ui` still running? The page goes on by itself as soon as the server answers."
          : `${error.message || "An unexpected error"}. It is tried again when something new is recorded.`}
      </p>
      <button type="button" className="button button-main" onClick={onRetry}>
        Try again
      </button>
    </main>
  );
}
