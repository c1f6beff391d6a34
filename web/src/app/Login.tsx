/** Asks for the token; it goes to the server and is kept nowhere else. */
import { useEffect, useState, type FormEvent } from "react";
import { ApiFailure, login, singleSignOn } from "../api/client";
import { Copied } from "./ui";
import { pulse } from "../api/useAnswer";

export function Login({ onDone }: { onDone: () => void }) {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [provider, setProvider] = useState<string>();
  useEffect(() => void singleSignOn().then(setProvider), []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await login(token.trim());
      setToken("");
      onDone();
      pulse.beat();
    } catch (error) {
      setProblem(error instanceof ApiFailure ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="login" id="main">
      <form onSubmit={(event) => void submit(event)}>
        <h1>Sign in</h1>
        {provider !== undefined && (
          <p>
            <a className="button button-main" href="sso/login">
              {provider}
            </a>
          </p>
        )}
        <p>{provider === undefined ? "This instance requires a token." : "Or by a token."} Whoever runs it makes one on its machine with</p>
        <p>
          <Copied text="lineage token create --team TEAM --role reader" />
        </p>
        <label htmlFor="token">Token</label>
        <input
          id="token"
          type="password"
          autoComplete="current-password"
          autoFocus
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-describedby={problem ? "login-problem" : undefined}
        />
        {problem && (
          <p className="login-problem" id="login-problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" className="button button-main" disabled={isBusy || token.trim() === ""}>
          Sign in
        </button>
      </form>
    </main>
  );
}
