/** Parts of the page that are loaded later, and shown at once when they were loaded before. */
import { useEffect, useState, type ComponentType } from "react";
import { Loading } from "./ui";

type Load<P> = () => Promise<{ default: ComponentType<P> }>;

/** A component that is fetched when it is first shown, or before. */
export interface Later<P> {
  (props: P): React.JSX.Element;
  /** Fetch it before it is needed. */
  load: () => Promise<unknown>;
}

/**
 * Make a component of a part that is loaded later.
 *
 * `Suspense` would keep its placeholder for 300 ms, however fast the part is there.
 * An error while loading goes to the error boundary; the next try loads again.
 */
export function later<P extends object>(load: Load<P>): Later<P> {
  let known: ComponentType<P> | null = null;
  const fetched = () => load().then((part) => (known = part.default));
  const Later: Later<P> = (props) => {
    const [error, setError] = useState<unknown>(null);
    const [, setLoaded] = useState(known !== null);
    useEffect(() => {
      if (known) return setLoaded(true);
      let isShown = true;
      fetched().then(
        () => isShown && setLoaded(true),
        (reason: unknown) => isShown && setError(reason ?? new Error("it could not be loaded")),
      );
      return () => {
        isShown = false;
      };
    }, []);
    if (error) throw error;
    const Part = known;
    return Part ? <Part {...props} /> : <Loading />;
  };
  Later.load = fetched;
  return Later;
}
